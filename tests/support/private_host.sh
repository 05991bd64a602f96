#!/bin/sh
# A host with accounts of its own, for one command:
#
#   private_host.sh PASSWD SHADOW GROUP -- COMMAND [ARGUMENT...]
#
# runs COMMAND (by exec: same process id, same standard streams) in a mount namespace in which the
# three files stand in the place of /etc/passwd, /etc/shadow and /etc/group. The machine's own files
# stay as they are and nothing has to be undone: the mounts end with the last process in there. So
# pam_unix, unix_chkpwd and getpwnam(3) meet the sample people, with whatever passwords, locks and
# dates a test wants.
#
# The files must be root's and SHADOW not readable by others; PASSWD should have root, nobody and
# the users that COMMAND and its neighbours run as. Edit them in place (not by rename) and the
# command sees the change; files that are replaced by rename stay as they were for it.
#   private_host.sh --etc FOLDER -- COMMAND [ARGUMENT...]
#
# puts a whole FOLDER (a copy of /etc with accounts of one's own) in the place of /etc, for modules
# that replace those files, as pam_unix does to change a password.
#
# Needs root (CAP_SYS_ADMIN); in a chroot, one whose root is a mount point (mount --bind TREE TREE).
# Example:
#
#   private_host.sh passwd shadow group -- systemd-socket-activate --accept --inetd --seqpacket \
#     -l pam.sock rolebridge-pam --peer rolebridge --config pam.conf --confdir pam.d
set -eu

fail() {
  echo "private_host.sh: $1" >&2
  exit 64
}

if [ "${1-}" = --inside-etc ]; then
  mount --bind -- "$2" /etc
  shift 2
  exec "$@"
fi
if [ "${1-}" = --inside ]; then
  shift
  for name in passwd shadow group; do
    mount --bind -- "$1" "/etc/$name"
    shift
  done
  exec "$@"
fi

usage='usage: private_host.sh PASSWD SHADOW GROUP -- COMMAND..., or --etc FOLDER -- COMMAND...'
[ "$(id -u)" = 0 ] || fail "needs root, for the mounts"
# Mounts may spread to wherever the one that they stand on is shared, unless that is made private,
# which only a mount point can be.
mountpoint -q / || fail "the root of this chroot is no mount point; mount --bind it on itself first"
self=$(realpath -- "$0")
if [ "${1-}" = --etc ]; then
  [ $# -ge 4 ] && [ "$3" = -- ] || fail "$usage"
  etc=$(realpath -- "$2")
  [ -f "$etc/passwd" ] && [ -f "$etc/shadow" ] || fail "$etc: no accounts in there"
  shift 3
  exec unshare --mount --propagation private -- "$self" --inside-etc "$etc" "$@"
fi

[ $# -ge 5 ] && [ "$4" = -- ] || fail "$usage"
for file in "$1" "$2" "$3"; do
  [ -f "$file" ] || fail "$file: no such file"
  [ "$(stat -c %u -- "$file")" = 0 ] || fail "$file: must belong to root, as in /etc"
done
case "$(stat -c %a -- "$2")" in
  *0) ;;
  *) fail "$2: others can read it; chmod 640 it" ;;
esac
passwd=$(realpath -- "$1")
shadow=$(realpath -- "$2")
group=$(realpath -- "$3")
shift 4
exec unshare --mount --propagation private -- \
  "$self" --inside "$passwd" "$shadow" "$group" "$@"
