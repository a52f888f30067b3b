"use strict";
// Shows one of the moments that stand in this page; without it they are a list. Nothing is computed here.
(() => {
  const moments = [...document.querySelectorAll("article")];
  const player = document.querySelector(".player");
  const [back, on] = player.querySelectorAll("button");
  const slider = player.querySelector("input");
  const told = player.querySelector("output");
  const show = (n) => {
    const at = Math.min(Math.max(n, 0), moments.length - 1);
    moments.forEach((moment, i) => moment.classList.toggle("now", i === at));
    slider.value = at;
    told.textContent = moments[at].dataset.says;
    slider.setAttribute("aria-valuetext", moments[at].dataset.says);
    back.disabled = at === 0;
    on.disabled = at === moments.length - 1;
    return at;
  };
  const named = () => moments.findIndex((m) => "#" + m.id === location.hash);
  slider.max = moments.length - 1;
  slider.addEventListener("input", () => show(Number(slider.value)));
  back.addEventListener("click", () => show(Number(slider.value) - 1));
  on.addEventListener("click", () => show(Number(slider.value) + 1));
  addEventListener("hashchange", () => { if (named() >= 0) show(named()); });
  addEventListener("keydown", (event) => {
    if (event.target === slider || event.altKey || event.ctrlKey || event.metaKey) return;
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (step) show(Number(slider.value) + step);
  });
  document.body.classList.add("playing");
  player.hidden = false;
  show(named() >= 0 ? named() : moments.length - 1);
})();
