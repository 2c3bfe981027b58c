/* Language of the pages: chosen by address (?lang=zh, #zh), by what was chosen before, or the
   first. The choice is kept where the browser allows it, and handed on in links between pages. */
(function () {
  "use strict";
  var root = document.documentElement;
  var KEY = "yrb-carbon-language";
  var offered = (root.dataset.languages || root.lang).split(" ");
  var first = offered[0];
  root.classList.add("js");

  function remembered() {
    try { return window.localStorage.getItem(KEY); } catch (refused) { return null; }
  }

  function remember(language) {
    try { window.localStorage.setItem(KEY, language); } catch (refused) { /* not kept then */ }
  }

  function wanted() {
    var found = /[?&]lang=(\w+)/.exec(window.location.search);
    var choices = [found && found[1], window.location.hash.slice(1), remembered(), first];
    return choices.find(function (one) { return offered.indexOf(one) >= 0; });
  }

  function show(language) {
    root.lang = language;
    var title = document.querySelector("title");
    if (title && title.dataset[language]) { document.title = title.dataset[language]; }
    document.querySelectorAll("[data-language]").forEach(function (link) {
      if (link.dataset.language === language) { link.setAttribute("aria-current", "true"); }
      else { link.removeAttribute("aria-current"); }
    });
    document.querySelectorAll("a[href]").forEach(function (link) {
      var parts = /^(?![a-z]+:)([^?#]+\.html)(\?[^#]*)?(#.*)?$/.exec(link.getAttribute("href"));
      if (parts) {
        link.setAttribute(
          "href", parts[1] + (language === first ? "" : "?lang=" + language) + (parts[3] || ""));
      }
    });
    document.dispatchEvent(new CustomEvent("languagechange-report", {
      bubbles: true, detail: { language: language }
    }));
  }

  function choose(language) {
    remember(language);
    try {
      window.history.replaceState(null, "", window.location.pathname + "?lang=" + language);
    } catch (refused) { /* the address stays as it is */ }
    show(language);
  }

    /* formulas that are wider than the page scroll, so the keyboard must reach them */
  function reachFormulas() {
    document.querySelectorAll(".formula").forEach(function (box) {
      if (box.scrollWidth > box.clientWidth) { box.tabIndex = 0; }
      else { box.removeAttribute("tabindex"); }
    });
  }

  root.lang = wanted();
  document.addEventListener("DOMContentLoaded", function () {
    show(root.lang);
    reachFormulas();
    window.addEventListener("resize", reachFormulas);
    document.querySelectorAll("[data-language]").forEach(function (link) {
      link.addEventListener("click", function (event) {
        event.preventDefault();
        choose(link.dataset.language);
      });
    });
  });
}());
