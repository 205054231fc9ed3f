// Draws a chart where there is no browser: the little of one that the library asks for, and how wide words are. After the
// library and `begin()`, `draw(spec)` leaves the picture in `drawn`, or what went wrong in `fault`.
const nothing = () => {};
const clone = (value) => {
  if (Array.isArray(value)) return value.map(clone);
  if (value?.constructor !== Object) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, clone(one)]));
};
Object.assign(globalThis, {
  window: globalThis, self: globalThis, addEventListener: nothing, structuredClone: clone,
  console: { log: nothing, info: nothing, debug: nothing, warn: nothing, error: nothing },
  setTimeout: (run) => void run(), clearTimeout: nothing, setInterval: nothing, clearInterval: nothing,
});

// Advance widths of Helvetica's characters in thousandths of the font size (Adobe Font Metrics; Arial and Liberation Sans
// have the same). Others are as wide as a digit. So a picture has one layout, whichever fonts a machine has.
const WIDTHS = {
  191: "'", 222: "ijl’", 260: "|", 278: " !,./:;I[\\]ft·", 333: "()-`r“”", 334: "{}", 355: '"', 389: "*", 400: "°",
  469: "^", 500: "Jckvxyz", 584: "+<=>~×−", 611: "FTZ", 667: "&ABEKPSVXY", 722: "CDHNRUw", 778: "GOQ", 833: "Mm",
  889: "%", 944: "W", 1000: "—…→", 1015: "@",
};
const widths = new Map(Object.entries(WIDTHS).flatMap(([wide, all]) => [...all].map((one) => [one, wide / 1000])));

function width(item, text) {
  const heavy = item.fontWeight === "bold" || item.fontWeight >= 600 ? 1.07 : 1;
  let sum = 0;
  for (const character of String(text)) sum += widths.get(character) ?? 0.556;
  const whole = sum * heavy * (item.fontSize ?? 11);
  return item.limit > 0 ? Math.min(whole, item.limit) : whole;
}

let drawn = "", fault = "";

// A chart of most kinds of marks, drawn a few times over, so that V8 has compiled what all charts need before one is asked for.
function begin() {
  vegaEmbed.textMetrics.width = width;
  const values = [..."abcdefgh"].map((b, n) => ({ a: n + 1, b, c: `2026-0${n + 1}-01` }));
  const x = { field: "a", type: "quantitative", scale: { type: "log" } }, y = { field: "c", type: "temporal" };
  const b = { field: "b", type: "nominal", sort: ["b", "a"] };
  const seen = { line: { y, color: b }, area: { y }, rule: { y }, point: { y, shape: b }, bar: { y: b }, text: { y: b, text: b } };
  const layer = Object.entries(seen).map(([mark, more]) => ({ mark, encoding: { x, tooltip: [x], ...more } }));
  for (let round = 0; round < 6; round++) {
    for (const some of [layer.slice(0, 4), layer.slice(4)]) draw({ data: { values }, title: { text: "a", subtitle: "b" }, layer: some });
  }
}

function draw(spec) {
  [drawn, fault] = ["", ""];
  const unread = { ...spec, config: { ...spec.config, aria: false } }; // the page has a label for the whole picture
  const view = new vegaEmbed.View(vegaEmbed.parse(vegaEmbed.compile(unread).spec), { renderer: "none" });
  view.runAsync().then(() => view.toSVG()).then((svg) => (drawn = svg), (error) => (fault = String(error)))
    .finally(() => view.finalize());
}
