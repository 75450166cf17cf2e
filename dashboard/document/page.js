// Draws the charts, and lets tables be sorted and saved. Without it all tables are there.
for (const figure of document.querySelectorAll("figure[data-chart]")) {
  const place = figure.querySelector(".chart");
  const text = figure.querySelector("script").textContent;
  // Colours of the page, so that charts follow it into the dark and onto paper. ast: no eval, which the page forbids.
  const ink = {labelColor: "currentColor", titleColor: "currentColor"};
  const line = {gridColor: "currentColor", gridOpacity: 0.15, domainColor: "currentColor", tickColor: "currentColor"};
  const config = {background: null, axis: {...ink, ...line}, legend: ink, title: {color: "currentColor"}, view: {stroke: null}};
  const theme = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
  const options = {ast: true, actions: false, renderer: "svg", config, tooltip: {theme}};
  const draw = () => {
    const width = place.clientWidth;
    // A number of legend columns, not an expression of the plot's width: one that changes with the layout gets no room.
    const columns = width < 420 ? 1 : width < 620 ? 2 : 4;
    const spec = JSON.parse(text, (key, value) => (key === "columns" && value && value.expr ? columns : value));
    vegaEmbed(place, {...spec, width}, options);
  };
  draw();
  let width = place.clientWidth;
  addEventListener("resize", () => {
    if (width !== place.clientWidth) draw();
    width = place.clientWidth;
  });
}

const value = (cell) => {
  const number = cell.querySelector("data");
  return number ? Number(number.value) : cell.textContent.trim();
};
const missing = (cell) => cell.dataset.missing !== undefined;
const compare = (a, b) => (typeof a === "number" && typeof b === "number" ? a - b : String(a).localeCompare(String(b)));

function sort(table, column, header) {
  const down = header.getAttribute("aria-sort") === "ascending";
  for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
  header.setAttribute("aria-sort", down ? "descending" : "ascending");
  const order = (one, two) => {
    const [a, b] = [one.cells[column], two.cells[column]];
    if (missing(a) || missing(b)) return missing(a) - missing(b); // at the end either way
    return compare(value(a), value(b)) * (down ? -1 : 1);
  };
  table.tBodies[0].append(...[...table.tBodies[0].rows].sort(order));
}

function save(table, name) {
  const quoted = (cell) => `"${String(missing(cell) ? "" : value(cell)).replaceAll('"', '""')}"`;
  const lines = [...table.rows].map((row) => [...row.cells].map(quoted).join(","));
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([lines.join("\n") + "\n"], {type: "text/csv"}));
  link.download = `${name}.csv`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

for (const table of document.querySelectorAll("table")) {
  [...table.tHead.rows[0].cells].forEach((header, column) => {
    const button = document.createElement("button");
    button.append(...header.childNodes);
    button.addEventListener("click", () => sort(table, column, header));
    header.append(button);
  });
  const button = document.createElement("button");
  button.className = "save";
  button.textContent = "Save as CSV";
  button.addEventListener("click", () => save(table, table.dataset.name));
  table.parentElement.after(button);
}
