// Makes tables sortable and boxes that scroll reachable by keyboard; the page is whole without it.
"use strict";

// What a cell is sorted by: [rank, number or words]; numbers before words, nothing always last.
function sortKey(cell) {
  const copy = cell.cloneNode(true);
  copy.querySelectorAll(".detail, .mark").forEach((part) => part.remove());
  const words = copy.textContent.trim().replace(/\s+/g, " ");
  if (words === "" || words === "–") return [2, 0];
  const found = words.match(/^(?:[a-zε]+ )?([<>≤≥=]?) ?([−-]?\d[\d,]*(?:\.\d+)?(?:e[−-]?\d+)?)\s?(%?)(?= |$)/);
  if (!found) return [1, words];
  const value = Number(found[2].replace(/−/g, "-").replace(/,/g, "")) / (found[3] ? 100 : 1);
  const side = { "<": -1, "≤": -1, ">": 1, "≥": 1 }[found[1]] || 0;
  return [0, value, side];
}

function compare(a, b, direction) {
  if (a[0] !== b[0]) return a[0] === 2 || b[0] === 2 ? a[0] - b[0] : direction * (a[0] - b[0]);
  if (a[0] === 1) return direction * a[1].localeCompare(b[1], "en", { numeric: true });
  return direction * (a[1] - b[1] || (a[2] || 0) - (b[2] || 0));
}

function makeSortable(table, said) {
  const body = table.tBodies[0];
  const original = Array.from(body.rows);
  const heads = Array.from(table.tHead.rows[0].cells);
  if (original.length < 3 || original.some((row) => row.cells.length !== heads.length)) return;
  heads.forEach((head, column) => {
    const button = document.createElement("button");
    const words = head.textContent.trim().replace(/\s+/g, " ");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      const now = { ascending: "descending", descending: null }[head.getAttribute("aria-sort")];
      const order = now === undefined ? "ascending" : now;
      heads.forEach((other) => other.removeAttribute("aria-sort"));
      let rows = original;
      if (order) {
        const direction = order === "ascending" ? 1 : -1;
        const keyed = original.map((row) => [sortKey(row.cells[column]), row]);
        rows = keyed.sort((a, b) => compare(a[0], b[0], direction)).map((pair) => pair[1]);
        head.setAttribute("aria-sort", order);
      }
      body.append(...rows);
      said.textContent = order ? `Sorted by ${words}, ${order}.` : "Back in the order of the report.";
    });
  });
}

// Only a box that really scrolls takes part in the tab order, under the name of its table.
function markScrolling(box) {
  const scrolls = box.scrollWidth > box.clientWidth + 1;
  const name = box.querySelector("caption, figcaption");
  if (scrolls) {
    box.tabIndex = 0;
    if (box.tagName === "DIV") box.setAttribute("role", "group");
    if (name) box.setAttribute("aria-label", name.textContent.trim().slice(0, 120));
  } else {
    ["tabindex", "role", "aria-label"].forEach((key) => box.removeAttribute(key));
  }
}

const said = document.createElement("p");
said.className = "unseen";
said.setAttribute("role", "status");
document.querySelector("main").append(said);
document.querySelectorAll("table.sortable").forEach((table) => makeSortable(table, said));

const boxes = document.querySelectorAll(".scroll, figure, pre");
const watch = new ResizeObserver((seen) => seen.forEach((entry) => markScrolling(entry.target)));
boxes.forEach((box) => watch.observe(box));

// The part that is being read is marked in the contents.
const links = new Map();
document.querySelectorAll(".contents a").forEach((link) => links.set(link.hash.slice(1), link));
const parts = Array.from(document.querySelectorAll("main > section")).filter((part) => links.has(part.id));
let current = null;
function markCurrent() {
  const reached = parts.filter((part) => part.getBoundingClientRect().top < 120).pop() || parts[0];
  const link = reached && links.get(reached.id);
  if (link === current) return;
  if (current) current.removeAttribute("aria-current");
  if (link) link.setAttribute("aria-current", "true");
  current = link;
}
if (parts.length) {
  addEventListener("scroll", markCurrent, { passive: true });
  markCurrent();
}
