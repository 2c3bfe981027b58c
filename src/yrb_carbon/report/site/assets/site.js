/* Language of the pages: chosen by address (?lang=zh, #zh), by what was chosen before, or the
   first. The choice is kept where the browser allows it, and handed on in links between pages. */
(function () {
  "use strict";
  var root = document.documentElement;
  var KEY = "yrb-carbon-language";
  var first = root.lang.slice(0, 2);
  var known = ["en", "zh"];
  root.classList.add("js");

  function remembered() {
    try { return window.localStorage.getItem(KEY); } catch (refused) { return null; }
  }

  function remember(language) {
    try { window.localStorage.setItem(KEY, language); } catch (refused) { /* not kept then */ }
  }

  function asked() {
    var found = /[?&]lang=(en|zh)\b/.exec(window.location.search);
    if (found) { return found[1]; }
    var mark = window.location.hash.slice(1);
    return known.indexOf(mark) >= 0 ? mark : null;
  }

  function offered() {
    return Array.prototype.map.call(
      document.querySelectorAll("[data-language]"), function (link) { return link.dataset.language; });
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

    document.addEventListener("DOMContentLoaded", function () {
    var all = offered();
    var language = [asked(), remembered()].find(function (one) { return all.indexOf(one) >= 0; });
    show(language || first);
    document.querySelectorAll("[data-language]").forEach(function (link) {
      link.addEventListener("click", function (event) {
        event.preventDefault();
        choose(link.dataset.language);
      });
    });
  });
}());
