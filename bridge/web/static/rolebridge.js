'use strict';

// Everything works without this file. It presses the button of the hand-over page, and keeps a
// form from being sent twice by an impatient second click.
(() => {
  const secondClickAllowedAfter = 8000;

  for (const form of document.forms) {
    form.addEventListener('submit', (event) => {
      if (form.dataset.sent) {
        event.preventDefault();
        return;
      }
      form.dataset.sent = 'yes';
      form.setAttribute('aria-busy', 'true');
      setTimeout(() => release(form), secondClickAllowedAfter);
    });
  }

  function release(form) {
    delete form.dataset.sent;
    form.removeAttribute('aria-busy');
  }

  // Somebody came back with the back button: the forms may be sent again.
  window.addEventListener('pageshow', (event) => {
    if (!event.persisted) return;
    for (const form of document.forms) release(form);
  });

  const handOver = document.querySelector('form[data-hand-over]');
  if (handOver) handOver.requestSubmit();
})();
