"use strict";
// Shows one of the moments of this page, or two of them side by side. Without it they are a list. Nothing is computed
// here: texts of the page are copied and compared.
(() => {
  const moments = [...document.querySelectorAll("article")];
  const player = document.querySelector(".player");
  const [back, on] = player.querySelectorAll("button");
  const slider = player.querySelector("input");
  const says = player.querySelector("output");
  const [to, other] = player.querySelectorAll("[type=datetime-local]");
  const compared = document.querySelector(".compared");
  const last = moments.length - 1;
  const field = (n) => moments[n].dataset.at.slice(0, 19);
  // The place of the last moment at or before a time in UTC; of an earlier time, the first one.
  const place = (time) => Math.max(moments.findLastIndex((m) => Date.parse(m.dataset.at) <= Date.parse(time + "Z")), 0);
  const cell = (name, content) => {
    const made = document.createElement(name);
    made.append(...content);
    return made;
  };
  const copied = (node) => [...node.childNodes].map((child) => child.cloneNode(true));
  const compare = (now) => {
    compared.hidden = !other.value;
    if (!other.value) return;
    const pair = [place(other.value), now].sort((a, b) => a - b).map((n) => moments[n]);
    compared.querySelectorAll("thead th").forEach((head, n) => {
      if (n < 2) head.replaceChildren(...copied(pair[n].querySelector("h3")));
    });
    const rows = [...pair[0].querySelectorAll("[data-of]")].map((one) => {
      const two = pair[1].querySelector(`[data-of="${one.dataset.of}"]`);
      const same = one.textContent === two.textContent;
      const label = cell("th", copied(one.previousElementSibling));
      label.scope = "row";
      const result = cell("td", [same ? compared.dataset.same : compared.dataset.differs]);
      const row = cell("tr", [label, cell("td", copied(one)), cell("td", copied(two)), result]);
      row.className = same ? "same" : "";
      result.className = same ? "" : "other";
      return row;
    });
    compared.querySelector("tbody").replaceChildren(...rows);
  };
  const show = (n, keep) => {
    const at = Math.min(Math.max(n, 0), last);
    moments.forEach((moment, i) => moment.classList.toggle("now", i === at));
    slider.value = at;
    says.textContent = moments[at].dataset.says;
    slider.setAttribute("aria-valuetext", moments[at].dataset.says);
    if (!keep) to.value = field(at);
    back.disabled = at === 0;
    on.disabled = at === last;
    compare(at);
    return at;
  };
  const named = () => moments.findIndex((m) => "#" + m.id === location.hash);
  slider.max = last;
  for (const input of [to, other]) [input.min, input.max] = [field(0), field(last)];
  slider.addEventListener("input", () => show(Number(slider.value)));
  back.addEventListener("click", () => show(Number(slider.value) - 1));
  on.addEventListener("click", () => show(Number(slider.value) + 1));
  to.addEventListener("change", () => { if (to.value) show(place(to.value), true); });
  other.addEventListener("change", () => compare(Number(slider.value)));
  addEventListener("hashchange", () => { if (named() >= 0) show(named()); });
  addEventListener("keydown", (event) => {
    if (event.target.matches("input") || event.altKey || event.ctrlKey || event.metaKey) return;
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (step) show(Number(slider.value) + step);
  });
  document.body.classList.add("playing");
  player.hidden = false;
  show(named() >= 0 ? named() : last);
})();
