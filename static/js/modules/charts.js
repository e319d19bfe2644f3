// Draws each [data-chart] figure from its Vega-Lite spec. The interpreter keeps the content policy strict (no eval), our own
// style sheet replaces the two that vega-embed would inject, and colours are the page's own variables, so that a change of
// theme needs no redraw. The specs come from Python; nothing is computed here.

const THEME = {
  background: "transparent",
  font: "inherit",
  aria: false,
  view: { stroke: null },
  axis: {
    labelColor: "var(--ink-2)", titleColor: "var(--ink-2)", domainColor: "var(--rule-strong)",
    tickColor: "var(--rule-strong)", gridColor: "var(--rule)", labelFontSize: 12, titleFontSize: 12, titleFontWeight: 400,
  },
  legend: { labelColor: "var(--tblr-body-color)", titleColor: "var(--ink-2)", labelFontSize: 12 },
  header: { labelColor: "var(--tblr-body-color)", titleColor: "var(--ink-2)" },
  title: { color: "var(--ink)" },
  text: { color: "var(--tblr-body-color)" },
  rule: { color: "var(--rule-strong)" },
  line: { color: "var(--ink)" },
  point: { color: "var(--ink)" },
  bar: { color: "var(--ink-2)" },
};

async function draw(figure) {
  if (figure.dataset.drawn) return;
  figure.dataset.drawn = "yes";
  const canvas = figure.querySelector("[data-chart-canvas]");
  const spec = JSON.parse(figure.dataset.chart || figure.querySelector('script[type="application/json"]').textContent);
  const font = getComputedStyle(document.body).fontFamily;
  try {
    await window.vegaEmbed(canvas, { width: "container", ...spec }, {
      ast: true, actions: false, defaultStyle: false, renderer: "svg", tooltip: { disableDefaultStyle: true },
      config: { ...THEME, font },
    });
    canvas.querySelector("svg")?.setAttribute("aria-hidden", "true");
  } catch (error) {
    canvas.replaceChildren();
    figure.querySelector("[data-chart-table]")?.setAttribute("open", "");
    console.error(error);
  }
}

function drawAll(root) {
  for (const figure of root.querySelectorAll("[data-chart]")) draw(figure);
}

document.addEventListener("htmx:afterSettle", (event) => drawAll(event.target.parentElement ?? document));
drawAll(document);
