// What the pages do besides htmx. Every page works without this file; it only saves steps.
// Behaviour hangs on attributes:
//
//   data-copy="text" hidden           a button that copies the text; shown where that is possible
//   data-confirm-text="delete"        a text box; the form's submit buttons without a name work once it holds this
//   data-count="1400"                 a text box with the number of its characters below it
//   data-select-all="name"            a checkbox for all checkboxes of that name in its form
//   data-selected="name"              how many of those are ticked
//   data-needs-selection="name"       a button that works while one of those is ticked
//   data-live                         a part of the page that renews itself (views/parts/live.go)
//   data-tags                         rows of tags, with a <template> of a row, and the buttons data-tag-add, data-tag-remove
//   data-follows="name"               a control that follows a choice of its form (views/parts/field_follow.go)
//   data-says="cases"                 a text about checkboxes and text boxes of its form (views/parts/form_section.go)
//   data-search-link                  the link to the search of everything, which Ctrl-K follows
//   data-drop                         a part with a control for files that takes the files dropped on it
//   data-gets-file                    a form whose answer is a file: the page stays, without the last refusal
//   <time datetime title>             a relative time with the exact one as title: kept up to date
(function () {
  "use strict";

  function say(message) {
    var region = document.getElementById("live");
    if (!region) {
      region = document.createElement("div");
      region.id = "live";
      region.className = "visually-hidden";
      region.setAttribute("role", "status");
      document.body.appendChild(region);
    }
    region.textContent = message;
  }

  function copy(button) {
    navigator.clipboard.writeText(button.getAttribute("data-copy")).then(function () {
      button.setAttribute("data-copied", ""); // app.css shows a tick for as long
      setTimeout(function () { button.removeAttribute("data-copied"); }, 2000);
      say("Copied.");
    }, function () { say("Copying is not allowed here; select the text instead."); });
  }

  function boxes(name, form) {
    return Array.prototype.filter.call(
      (form || document).querySelectorAll('input[type="checkbox"]'),
      function (box) { return box.name === name && !box.disabled; });
  }

  function each(selector, act) { document.querySelectorAll(selector).forEach(act); }

  // As the server counts: code points, and a line break as one.
  function count(box) {
    var shown = box.nextElementSibling;
    if (!shown || !shown.hasAttribute("data-counted")) {
      shown = document.createElement("div");
      shown.setAttribute("data-counted", "");
      box.after(shown);
    }
    var n = Array.from(box.value).length, most = Number(box.getAttribute("data-count"));
    shown.className = n > most ? "field-error" : "form-hint";
    shown.textContent = n.toLocaleString("en") + " of " + most.toLocaleString("en") + " characters";
  }

  function follow(part) {
    var form = part.closest("form"), choice = form && form.elements[part.getAttribute("data-follows")];
    var chosen = choice && (choice.type !== "checkbox" ? choice.value : choice.checked ? "on" : "off"), control = part.querySelector("input, select, textarea");
    if (!chosen || !control) return;
    var above = (choice instanceof RadioNodeList ? choice[0] : choice).closest("[data-follows]"); // the choice follows another one
    function holds(name) { return !(above && above.hidden) && part.getAttribute(name).split(" ").indexOf(chosen) >= 0; }
    if (part.hasAttribute("data-shown")) part.hidden = !holds("data-shown");
    if (part.hasAttribute("data-required")) {
      control.required = holds("data-required");
      part.querySelector(".optional").hidden = control.required;
    }
    var proposed = part.querySelector("[data-proposed]");
    var next = proposed && JSON.parse(part.getAttribute("data-proposals"))[chosen];
    if (!next || next === proposed.value) return;
    if (control.value === proposed.value) control.value = next;
    proposed.value = next;
  }

  // As the server writes it: the first case whose checkboxes are all ticked.
  function summarize(part) {
    var controls = part.closest("form").elements;
    var found = JSON.parse(part.getAttribute("data-says")).find(function (c) {
      return (c.if || []).every(function (name) { return controls[name] && controls[name].checked; });
    });
    var text = found ? found.text.replace(/{([a-z_0-9]+)(\|([^}]*))?}/g, function (_, name, bar, empty) {
      return (controls[name] && controls[name].value.trim()) || empty || "";
    }) : "";
    if (part.textContent !== text) part.textContent = text;
  }

  function refresh() {
    each("[data-count]", count);
    each("[data-says]", summarize);
    each("[data-follows]", follow);
    each("[data-confirm-text]", function (input) {
      if (input.form) input.form.querySelectorAll('[type="submit"]:not([name])').forEach(function (button) {
        button.disabled = input.value.trim() !== input.getAttribute("data-confirm-text");
      });
    });
    each("[data-select-all]", function (all) {
      var list = boxes(all.getAttribute("data-select-all"), all.form);
      all.hidden = list.length === 0;
      var ticked = list.filter(function (box) { return box.checked; }).length;
      all.checked = list.length > 0 && ticked === list.length;
      all.indeterminate = ticked > 0 && ticked < list.length;
    });
    each("[data-needs-selection]", function (button) {
      button.disabled = !boxes(button.getAttribute("data-needs-selection"), button.form)
        .some(function (box) { return box.checked; });
    });
    each("[data-selected]", function (shown) {
      var ticked = boxes(shown.getAttribute("data-selected"), shown.closest("form")).filter(function (box) { return box.checked; }).length;
      var text = ticked ? ticked + " selected" : "";
      if (shown.textContent !== text) shown.textContent = text;
    });
    each("[data-copy]", function (button) {
      button.hidden = !navigator.clipboard; // absent where the page came over plain HTTP
    });
    times();
  }

  // The same words as views/parts/text.go writes, or the text would jump at the first refresh.
  var units = [["second", 1, 60], ["minute", 60, 3600], ["hour", 3600, 172800], ["day", 86400, 5184000], ["month", 2592000, 63072000], ["year", 31536000, Infinity]];
  function relative(seconds) {
    var distance = Math.abs(seconds);
    if (seconds <= 0 && distance < 10) return "just now";
    var whole = seconds > 0 ? Math.round : Math.floor;
    var unit = units.find(function (u) {
      var step = Math.min(u[1], 86400);
      return whole(distance / step) * step < u[2];
    });
    var n = whole(distance / unit[1]);
    var words = n + " " + unit[0] + (n === 1 ? "" : "s");
    return seconds > 0 ? "in " + words : words + " ago";
  }
  function times() {
    each("time[datetime][title]", function (time) {
      var at = Date.parse(time.getAttribute("datetime"));
      if (isNaN(at)) return;
      var text = relative((at - Date.now()) / 1000);
      if (time.hasAttribute("data-lasting")) text = text === "just now" ? "for a moment" : text.replace(/^(.*) ago$/, "for $1");
      if (time.textContent !== text) time.textContent = text;
    });
  }

  // The numbers in names of tag rows, as the server writes them.
  function renumber(tags) {
    tags.querySelectorAll(".tag-row").forEach(function (row, i) {
      row.querySelectorAll("input, button").forEach(function (e) {
        e.setAttribute("aria-label", e.getAttribute("aria-label").replace(/\d+$/, i + 1));
        if (e.id) e.id = e.id.replace(/\d+$/, i + 1);
        if (e.hasAttribute("data-tag-remove")) e.value = i + 1;
      });
    });
  }
  function changeTags(button) {
    var tags = button.closest("[data-tags]"), row = button.closest(".tag-row"), add = tags.querySelector("[data-tag-add]");
    if (row) {
      row.remove();
      renumber(tags);
      add.focus();
      say("Tag removed.");
      return;
    }
    var template = tags.querySelector("template"), made = template.content.firstElementChild.cloneNode(true), last = tags.querySelectorAll(".tag-row");
    if (last.length) last[last.length - 1].after(made); else template.before(made);
    renumber(tags);
    made.querySelector("input").focus();
  }

  document.addEventListener("click", function (event) {
    var button = event.target.closest && event.target.closest("[data-copy], [data-tag-add], [data-tag-remove]");
    if (!button) return;
    if (button.hasAttribute("data-copy")) { copy(button); return; }
    event.preventDefault();
    changeTags(button);
  });
  document.addEventListener("change", function (event) {
    var all = event.target.getAttribute("data-select-all");
    if (all) boxes(all, event.target.form).forEach(function (box) { box.checked = event.target.checked; });
    refresh();
  });
  document.addEventListener("input", function (event) {
    if (event.target.hasAttribute("data-confirm-text")) refresh();
    if (event.target.hasAttribute("data-count")) count(event.target);
    each("[data-says]", summarize);
  });
  // A part that renews itself is left alone while a swap would take away the keyboard's place or
  // selected text. htmx gives the focus back to a control with an id, and ticked boxes travel with
  // the request. A tab in the background does not ask.
  function inUse(part) {
    var selection = document.getSelection(), focused = document.activeElement;
    return (part.contains(focused) && !focused.id) ||
      (selection && !selection.isCollapsed && part.contains(selection.anchorNode));
  }
  document.addEventListener("htmx:beforeRequest", function (event) {
    if (event.target.hasAttribute("data-live") && (document.hidden || inUse(event.target))) event.preventDefault();
  });
  document.addEventListener("htmx:beforeSwap", function (event) {
    if (event.detail.target.hasAttribute("data-live") && inUse(event.detail.target)) event.detail.shouldSwap = false;
  });
  // Where a part got no answer twice in a row, the page says so, and of when it is.
  var answers = {}, opened = Date.now();
  function polled(event) {
    var part = event.detail.requestConfig && event.detail.requestConfig.elt;
    if (!part || !part.hasAttribute("data-live")) return null;
    return answers[part.id] = answers[part.id] || { at: opened, failures: 0 };
  }
  function showSilence() {
    var silent = Object.keys(answers).map(function (id) { return answers[id]; }).filter(function (a) { return a.failures > 1; });
    var shown = document.getElementById("console-silent");
    if (!silent.length) {
      if (shown) shown.remove();
      return;
    }
    if (!shown) {
      shown = document.createElement("div");
      shown.id = "console-silent";
      shown.className = "alert alert-warning";
      shown.setAttribute("role", "status");
      document.getElementById("main").prepend(shown);
    }
    var at = new Date(Math.min.apply(null, silent.map(function (a) { return a.at; })));
    var text = "The console does not answer. What you see is of " + at.toISOString().slice(11, 16) + " UTC.";
    if (shown.textContent !== text) shown.textContent = text;
  }
  function failed(event) {
    var answer = polled(event), status = event.detail.xhr.status;
    if (!answer || (status && status < 500)) return; // a refusal is an answer
    answer.failures++;
    showSilence();
  }
  ["htmx:sendError", "htmx:timeout", "htmx:responseError"].forEach(function (name) { document.addEventListener(name, failed); });
  document.addEventListener("htmx:afterRequest", function (event) {
    var answer = event.detail.successful && polled(event);
    if (!answer) return;
    answer.at = Date.now();
    answer.failures = 0;
    showSilence();
  });
  // A form is sent once: a second click or Enter would make the same thing twice. A page that the browser shows again
  // sends it again.
  document.addEventListener("submit", function (event) {
    var form = event.target;
    if (event.defaultPrevented || form.method !== "post" || form.hasAttribute("data-gets-file")) return;
    if (form.hasAttribute("data-sent")) event.preventDefault();
    form.setAttribute("data-sent", "");
    setTimeout(function () { form.removeAttribute("data-sent"); }, 10000); // where the user stopped the browser
  });
  window.addEventListener("pageshow", function () {
    each("[data-sent]", function (form) { form.removeAttribute("data-sent"); });
  });
  document.addEventListener("submit", function (event) {
    if (!event.target.hasAttribute("data-gets-file")) return;
    event.target.querySelectorAll("#error-summary, .field-error").forEach(function (e) { e.remove(); });
    event.target.querySelectorAll("[aria-invalid]").forEach(function (e) {
      e.removeAttribute("aria-invalid");
      e.classList.remove("is-invalid");
    });
  });
  // Where something was typed, or an answer refused it, the browser asks before another page takes its place: by Ctrl-K, a link
  // or the way back. Cancel below the form leaves it without a question.
  var kept = 'main form.form-card[method="post"]:not([data-gets-file], .confirm-card, .announcement)';
  var refusedForm = document.querySelector("#error-summary"), typedIn = refusedForm && refusedForm.closest(kept), cancelled = false;
  function keepTyped(event) {
    if (event.isTrusted && event.target.closest(kept)) typedIn = event.target.closest(kept);
  }
  document.addEventListener("input", keepTyped);
  document.addEventListener("change", keepTyped);
  document.addEventListener("click", function (event) {
    cancelled = !!(event.target.closest && event.target.closest("form .card-footer a"));
  });
  window.addEventListener("beforeunload", function (event) {
    var used = !navigator.userActivation || navigator.userActivation.hasBeenActive; // without, the browser asks nothing
    if (used && typedIn && typedIn.isConnected && !typedIn.hasAttribute("data-sent") && !cancelled) event.preventDefault();
  });
  // Ctrl-K, or Command-K, opens the search of everything.
  document.addEventListener("keydown", function (event) {
    if (event.key !== "k" || !(event.ctrlKey || event.metaKey) || event.altKey || event.shiftKey) return;
    var link = document.querySelector("[data-search-link]");
    if (!link) return;
    event.preventDefault();
    window.location.assign(link.href);
  });
  // Files that are dropped on a text box go to its control for files; one beside it does not take the page away.
  function takesFiles(event) {
    return event.dataTransfer && Array.prototype.indexOf.call(event.dataTransfer.types, "Files") >= 0;
  }
  function dropZone(event) {
    var zone = event.target.closest && event.target.closest("[data-drop]");
    each("[data-dropping]", function (other) { if (other !== zone) other.removeAttribute("data-dropping"); });
    return zone;
  }
  document.addEventListener("dragover", function (event) {
    if (!takesFiles(event) || !document.querySelector("[data-drop]")) return;
    event.preventDefault();
    var zone = dropZone(event);
    if (zone) zone.setAttribute("data-dropping", "");
  });
  document.addEventListener("dragleave", function (event) {
    if (!event.relatedTarget) each("[data-dropping]", function (zone) { zone.removeAttribute("data-dropping"); });
  });
  document.addEventListener("drop", function (event) {
    if (!takesFiles(event) || !document.querySelector("[data-drop]")) return;
    event.preventDefault();
    var zone = dropZone(event), control = zone && zone.querySelector('input[type="file"]');
    if (!control || control.disabled) return;
    zone.removeAttribute("data-dropping");
    if (event.dataTransfer.files.length > 1 && !control.multiple) { say("Drop one file here."); return; }
    control.files = event.dataTransfer.files;
    say(Array.from(control.files, function (f) { return f.name; }).join(", ") + " chosen.");
  });
  // A menu closes by Escape, which gives the focus back to its button, and by a click elsewhere.
  var menus = "details.dropdown[open], details.row-menu[open]";
  document.addEventListener("click", function (event) {
    each(menus, function (menu) { if (!menu.contains(event.target)) menu.open = false; });
  });
  document.addEventListener("keydown", function (event) {
    if (event.key !== "Escape") return;
    each(menus, function (menu) {
      menu.open = false;
      if (menu.contains(document.activeElement)) menu.querySelector("summary").focus();
    });
  });
  // On a narrow screen the tabs are one row that scrolls: the open one is in sight.
  each(".tabs [aria-current]", function (tab) {
    var row = tab.closest(".tabs");
    row.scrollLeft = tab.offsetLeft - row.clientWidth / 2 + tab.offsetWidth / 2;
  });

  // The message of a success that leads nowhere goes once the part that it is about shows something else, but not before it can be read.
  var readable = 5000;
  document.addEventListener("htmx:afterSwap", function (event) {
    if (!event.target.hasAttribute("data-live") || event.target.id === "node-banner") return;
    each("#main > .alert-success[role=status]", function (message) {
      if (message.querySelector("a") || message.hasAttribute("data-passing")) return;
      message.setAttribute("data-passing", "");
      setTimeout(function () { message.remove(); }, Math.max(0, readable - (Date.now() - opened)));
    });
  });
  document.addEventListener("htmx:afterSettle", refresh);
  setInterval(times, 10000);
  refresh();

  // A form that came back with errors: the summary first, for screen readers as for eyes.
  var summary = document.getElementById("error-summary");
  if (summary) summary.focus();
})();
