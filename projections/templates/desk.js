"use strict";
// Keys that move the focus and follow links of this page. Nothing is fetched, kept or computed; without it all works.
(() => {
  const places = { d: "/", o: "/orders", l: "/law", "?": "/keys" };
  const rows = [...document.querySelectorAll("a.go")];
  const follow = (selector) => document.querySelector(selector)?.click();
  const move = (by) => {
    const row = document.activeElement.closest?.("tr");
    const here = rows.findIndex((link) => row?.contains(link));
    const next = rows[here < 0 ? (by > 0 ? 0 : rows.length - 1) : Math.min(Math.max(here + by, 0), rows.length - 1)];
    next?.focus();
    next?.closest("tr").scrollIntoView({ block: "nearest" });
  };
  addEventListener("keydown", (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey || event.isComposing) return;
    if (event.target.matches("input, select, textarea")) {
      if (event.key === "Escape") event.target.blur();
      return;
    }
    const does = {
      "/": () => document.getElementById("find").focus(),
      j: () => move(1),
      k: () => move(-1),
      n: () => follow("a[rel=next]"),
      u: () => follow("a[accesskey=u]"),
      r: () => follow("a[accesskey=r]"),
    }[event.key];
    if (does) {
      event.preventDefault();
      does();
    } else if (places[event.key]) {
      location.assign(places[event.key]);
    }
  });
})();
