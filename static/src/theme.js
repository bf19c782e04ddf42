// Follows the browser's wish for a light or dark page where the person chose neither. It runs
// before the first paint, so it is not deferred; a chosen theme is in the page already.
(function () {
  "use strict";
  var root = document.documentElement;
  if (root.hasAttribute("data-bs-theme")) return;
  var dark = window.matchMedia("(prefers-color-scheme: dark)");
  function follow() { root.setAttribute("data-bs-theme", dark.matches ? "dark" : "light"); }
  dark.addEventListener("change", follow);
  follow();
})();
