// What the pages of users who are signed in to the self-service portal do, and that of a one-time link. Every page works without this file.
// Behaviour hangs on attributes:
//
//   <time datetime>            a moment in UTC, which is written in the time zone of the device
//   data-copy="text" hidden    a button that copies the text; shown where that is possible
//   data-once="text"           a form that is sent once: its button has the text after that, and the page says data-then
//   data-print hidden          a button that prints the page
//   data-said                  where the page says what a button has done
(function () {
  "use strict";

  function each(selector, act) { document.querySelectorAll(selector).forEach(act); }

  function say(text) { each("[data-said]", function (said) { said.textContent = text; }); }

  var date = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "long", year: "numeric" });
  var clock = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" });
  each("time[datetime]", function (time) {
    var at = new Date(time.getAttribute("datetime"));
    if (isNaN(at)) return;
    time.title = time.textContent; // in UTC, as people elsewhere name it
    time.textContent = date.format(at) + ", " + clock.format(at);
  });

  each("[data-copy]", function (button) {
    if (!navigator.clipboard) return; // absent where the page came over plain HTTP
    button.hidden = false;
    button.addEventListener("click", function () {
      navigator.clipboard.writeText(button.getAttribute("data-copy")).then(
        function () { say("Copied."); },
        function () { say("Copying is not allowed here; select the text instead."); });
    });
  });
  each("form[data-once]", function (form) {
    var sent = false;
    form.addEventListener("submit", function (event) {
      if (sent) { event.preventDefault(); return; }
      sent = true;
      var button = form.querySelector("button");
      setTimeout(function () { // what the button sends is taken first
        button.textContent = form.getAttribute("data-once");
        button.setAttribute("aria-disabled", "true");
        say(form.getAttribute("data-then"));
      });
    });
    window.addEventListener("pageshow", function (event) { if (event.persisted && sent) location.reload(); });
  });
  each("[data-print]", function (button) {
    button.hidden = false;
    button.addEventListener("click", function () { window.print(); });
  });
})();
