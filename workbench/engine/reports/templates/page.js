// Niceties alone: tables are sorted by a click on a column, and what is folded is opened for printing.
for (const table of document.querySelectorAll("table")) {
  const body = table.tBodies[0], heads = [...table.tHead.rows[0].cells];
  if (body.rows.length < 3) continue;
  const value = (row, at) => {
    const text = row.cells[at].textContent.trim();
    const number = parseFloat(text.replace(/[\u202f ]/g, "").replace("\u2212", "-"));
    return Number.isNaN(number) ? text.toLowerCase() : number;
  };
  const order = (a, b) => typeof a !== typeof b ? (typeof a < typeof b ? -1 : 1) : a < b ? -1 : a > b ? 1 : 0;
  const sort = at => {
    const former = heads[at].getAttribute("aria-sort");
    const first = heads[at].classList.contains("number") ? "descending" : "ascending";
    const now = former !== first ? first : first === "ascending" ? "descending" : "ascending";
    const rows = [...body.rows].map(row => [value(row, at), row]).sort(([a], [b]) => order(a, b));
    if (now === "descending") rows.reverse();
    heads.forEach(each => each.removeAttribute("aria-sort"));
    heads[at].setAttribute("aria-sort", now);
    body.append(...rows.map(([, row]) => row));
  };
  table.classList.add("sortable");
  heads.forEach((head, at) => {
    head.tabIndex = 0;
    head.addEventListener("click", () => sort(at));
    head.addEventListener("keydown", event => {
      if (event.key !== "Enter" && event.key !== " ") return;
      event.preventDefault();
      sort(at);
    });
  });
}
let opened = [];
addEventListener("beforeprint", () => {
  opened = [...document.querySelectorAll("details.printed:not([open])")];
  opened.forEach(each => { each.open = true; });
});
addEventListener("afterprint", () => opened.forEach(each => { each.open = false; }));
