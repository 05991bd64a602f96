#pragma once

#include <csignal>

namespace rolebridge::pam {

// Ends this process, at any instant and whatever a module is busy with, when the peer of the
// connected socket `fd` leaves or sends a message that is not due (security.md P1, C4). Without a
// thread of its own (P1), and without a handler: the kernel sends SIGIO for what happens on the
// socket (fcntl(2) O_ASYNC), and that ends a process. A handler's frame would keep, on the stack,
// what the vector registers held of a secret (P10). From then on, a message may come only within
// the life of a ReplyDue; to be called within one, as the first message may be here already.
void EndWhenPeerLeaves(int fd);

// The peer may leave now: the last word is about to be said.
void LetPeerLeave(int fd);

// A stretch of code in which the socket is in use, so that what happens on it is no reason to end:
// the peer making room for more, say.
class WatchPaused {
 public:
  explicit WatchPaused(int fd);
  // Looks at once whether the peer has left meanwhile, or sent what was not due.
  ~WatchPaused();
  WatchPaused(const WatchPaused&) = delete;
  WatchPaused& operator=(const WatchPaused&) = delete;

 protected:
  const int fd_;

 private:
  sigset_t previous_;
};

// Such a stretch in which one message of the peer is due: from before the question is sent until
// the reply has been received.
class ReplyDue : public WatchPaused {
 public:
  explicit ReplyDue(int fd);
  // To be called once that message has been received: waits for its signal. The kernel queues a
  // message, wakes who waits for it and only then signals it; who is woken may be given the
  // sender's processor, and so be milliseconds ahead of a signal that would end it later.
  void Received();

 private:
  bool was_here_;  // the message, before anybody could watch: no signal tells of it
};

// What the process ends with where it is a WatchPaused that notices; else it is SIGIO that ended
// it.
inline constexpr int kExitPeerLeft = 0;
inline constexpr int kExitOutOfTurn = 3;

}  // namespace rolebridge::pam
