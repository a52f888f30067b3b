"use strict";
// Sorts the table of ledgers by the column whose head is pressed. Without it the worst ledger is first.
(() => {
  const table = document.querySelector("table.sorted");
  const body = table.tBodies[0];
  const heads = [...table.tHead.rows[0].cells];
  document.body.classList.add("scripted");
  const value = (row, n) => row.cells[n].dataset.sort;
  const compare = (one, two) => {
    const [a, b] = [Number(one), Number(two)];
    return Number.isNaN(a) || Number.isNaN(b) ? one.localeCompare(two) : a - b;
  };
  heads.forEach((head, n) => {
    head.querySelector("button").addEventListener("click", () => {
      // Numbers begin with the largest, names and verdicts with the first; the second press turns the order.
      const first = n < 2 ? "ascending" : "descending";
      const other = n < 2 ? "descending" : "ascending";
      const now = head.ariaSort === first ? other : first;
      heads.forEach((each) => each.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", now);
      const turn = now === "ascending" ? 1 : -1;
      body.append(...[...body.rows].sort((a, b) => turn * compare(value(a, n), value(b, n))));
    });
  });
})();
