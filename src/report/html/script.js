"use strict";
// Sorting, filtering, tooltips and the choice of light or dark. Without it the page shows the same, in one order.
const all = (selector, root = document) => [...root.querySelectorAll(selector)];

// Light or dark: what the system wants until the button is pressed.
const theme = document.querySelector(".theme");
const dark = matchMedia("(prefers-color-scheme: dark)");
const isDark = () => (document.documentElement.dataset.theme || (dark.matches ? "dark" : "light")) === "dark";
const named = () => { theme.textContent = isDark() ? "Light" : "Dark"; };
theme.hidden = false;
theme.addEventListener("click", () => { document.documentElement.dataset.theme = isDark() ? "light" : "dark"; named(); });
dark.addEventListener("change", named);
named();

// Filters: rows and sections of models are hidden, lines and dots of drawings fade.
const filters = document.querySelector(".filters");
const output = filters.querySelector("output");
function filter() {
  const wanted = Object.fromEntries(new FormData(filters));
  const words = (wanted.n || "").toLowerCase();
  for (const panel of all("[data-p]")) panel.hidden = Boolean(wanted.p) && panel.dataset.p !== wanted.p;
  let shown = 0, rows = 0;
  for (const one of all("[data-n]")) {
    const { n, f, i } = one.dataset;
    const is = n.toLowerCase().includes(words) && (!wanted.f || f === wanted.f) && (!wanted.i || i === undefined || i === wanted.i);
    if (one instanceof SVGElement) { one.classList.toggle("off", !is); continue; }
    one.hidden = !is;
    if (one.localName === "tr") { rows += 1; shown += is && !one.closest("[hidden]") ? 1 : 0; }
  }
  output.textContent = shown === rows ? `${rows} results` : `${shown} of ${rows} results`;
}
filters.hidden = false;
filters.addEventListener("input", filter);
filters.addEventListener("submit", (event) => event.preventDefault());
filter();

// Sorting: the best first, then the other way round. Rows without a value stay last.
const number = (cell) => parseFloat((cell.dataset.v || cell.textContent).replace("−", "-"));
function sort(table, column, head) {
  const down = head.getAttribute("aria-sort") !== "descending" && head.classList.contains("n");
  const way = down || head.getAttribute("aria-sort") === "ascending" ? "descending" : "ascending";
  for (const other of all("th[aria-sort]", table)) other.removeAttribute("aria-sort");
  head.setAttribute("aria-sort", way);
  const sign = way === "ascending" ? 1 : -1;
  const body = table.tBodies[0];
  const compare = (a, b) => {
    const [x, y] = [a.cells[column], b.cells[column]];
    if (!x || !y) return Number(!x) - Number(!y);
    if (!head.classList.contains("n")) return sign * x.textContent.localeCompare(y.textContent, undefined, { numeric: true });
    const [p, q] = [number(x), number(y)];
    if (Number.isNaN(p) || Number.isNaN(q)) return Number(Number.isNaN(p)) - Number(Number.isNaN(q));
    return sign * (p - q);
  };
  body.append(...[...body.rows].sort(compare));
}
for (const table of all(".board")) {
  [...table.tHead.rows[0].cells].forEach((head, column) => {
    if ("none" in head.dataset) return;
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => sort(table, column, head));
  });
}

// Tooltips: the titles of marks, nearer to the pointer and at once. The other models of the drawing step back.
const tip = document.querySelector(".tip");
let pointed = null;
function point(group) {
  if (group === pointed) return;
  for (const one of all("g.dim")) one.classList.remove("dim");
  pointed = group;
  if (!group) return;
  for (const one of all("g[data-n]", group.ownerSVGElement)) one.classList.toggle("dim", one.dataset.n !== group.dataset.n);
}
document.addEventListener("pointerover", (event) => {
  point(event.target.closest(".drawing g[data-n]"));
  const mark = event.target.closest(".drawing *");
  const title = mark && mark.querySelector(":scope > title");
  if (title) { mark.dataset.tip = title.textContent; title.remove(); }
  tip.hidden = !(mark && mark.dataset.tip);
  if (!tip.hidden) tip.textContent = mark.dataset.tip;
});
document.addEventListener("pointermove", (event) => {
  if (tip.hidden) return;
  const left = Math.min(event.clientX + 14, innerWidth - tip.offsetWidth - 8);
  const below = event.clientY + 18 + tip.offsetHeight < innerHeight;
  tip.style.left = `${left}px`;
  tip.style.top = `${below ? event.clientY + 18 : event.clientY - tip.offsetHeight - 10}px`;
});

// A cell of a confusion matrix shows the tracks behind it.
document.addEventListener("click", (event) => {
  const cell = event.target.closest(".heat[data-tracks] td");
  if (!cell) return;
  const model = cell.closest(".model");
  const tracks = model.querySelector(".tracks");
  for (const other of all(".at", model)) other.classList.remove("at");
  const place = `${cell.parentElement.rowIndex - 1},${cell.cellIndex - 1}`;
  const line = tracks && tracks.querySelector(`li[data-c="${place}"]`);
  if (!line) return;
  cell.classList.add("at");
  line.classList.add("at");
  tracks.open = true;
  line.parentElement.scrollTop = line.offsetTop - line.parentElement.offsetTop;
});

// A link to a model opens its section.
function open() {
  const target = location.hash && document.getElementById(location.hash.slice(1));
  if (target && target.localName === "details") { target.open = true; target.scrollIntoView(); }
}
addEventListener("hashchange", open);
open();
