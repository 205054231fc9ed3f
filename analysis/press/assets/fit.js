"use strict";
// A chart in the room that it has: titles in lines, and the plot as much narrower as the whole is too wide. On a phone long names
// stand above their marks, and facets below one another.
const fit = (() => {
  const NARROW = 480; // pixels of room below which a chart is laid out for a phone
  const LEAST = 120; // pixels of a plot that can be read; one that has fewer scrolls
  const SHORT = 84; // pixels of a name that may stand beside its mark there
  const LINE = 14; // pixels of a line of names
  const MARK = 18; // pixels of height that a mark takes below its name
  const AIR = 6; // pixels above a name

  const pen = document.createElement("canvas").getContext("2d");
  const inLines = (text, room, font) => {
    pen.font = font;
    const lines = [""];
    for (const word of String(text).split(" ")) {
      const longer = `${lines.at(-1)} ${word}`.trim();
      if (lines.at(-1) && pen.measureText(longer).width > room) lines.push(word);
      else lines[lines.length - 1] = longer;
    }
    return lines;
  };

  const unitsOf = (spec) => [spec, ...(spec.layer ?? []).flatMap(unitsOf), ...(spec.spec ? unitsOf(spec.spec) : [])];
  const channelsOf = (spec, ...names) => unitsOf(spec).flatMap((unit) => names.map((name) => unit.encoding?.[name]).filter(Boolean));
  const isName = (channel) => channel.type === "nominal" && channel.axis !== null;
  const isTable = (spec) => channelsOf(spec, "x").some(isName); // of cells, which keeps its columns and scrolls
  // The names of a channel: those that its scale or order states, or else those in the data.
  const namesOf = (spec, channel) =>
    channel.scale?.domain ?? channel.sort ?? [...new Set(Object.values(spec.datasets ?? {}).flat().map((row) => row[channel.field]).filter((name) => name !== undefined))];

  const namesAbove = (spec, room, plain) => {
    const channels = channelsOf(spec, "y").filter(isName);
    const names = [...new Set(channels.flatMap((channel) => namesOf(spec, channel)).map(String))];
    pen.font = plain;
    // Names that a label's expression changes are split at `|`.
    if (Math.max(0, ...names.flatMap((name) => name.split("|")).map((line) => pen.measureText(line).width)) < SHORT) return;
    const sized = spec.spec ?? spec;
    const depthOf = (split) => Math.max(...names.map((name) => split(name).split("|").length));
    const raise = (step) => (sized.height = sized.height?.step ? { step } : Math.max(sized.height ?? 0, step * names.length));
    if (channelsOf(spec, "yOffset").length) {
      // Marks of several kinds fill the height of a name, which so keeps its place and takes more lines.
      channels.forEach((channel) => (channel.axis = { labelExpr: "split(replace(datum.label, /(.{9}\\S*) /g, '$1|'), '|')", ...channel.axis }));
      raise(depthOf((name) => name.replace(/(.{9}\S*) /g, "$1|")) * LINE + AIR);
      return;
    }
    const deep = depthOf((name) => name);
    // Vega lets lines grow downwards: names of fewer lines begin with empty ones, so that all end above their marks.
    const lifted = `split(substring('${"|".repeat(deep)}', 0, ${deep} - length(split(datum.label, '|'))) + datum.label, '|')`;
    const look = { labelAlign: "left", labelBaseline: "bottom", labelPadding: 0, labelOffset: -MARK / 2 - (deep - 1) * LINE, labelLimit: room - 16 };
    if (deep > 1) look.labelExpr = lifted;
    channels.forEach((channel) => (channel.axis = { ...channel.axis, ...look, ticks: false, domain: false, labelOverlap: false }));
    raise(deep * LINE + MARK + AIR);
    spec.config = { ...spec.config, bar: { ...spec.config?.bar, discreteBandSize: MARK - 4 } };
  };

  const forPhone = (spec, room, plain) => {
    if (isTable(spec)) return;
    namesAbove(spec, room, plain);
    for (const x of channelsOf(spec, "x")) {
      if (x.axis !== null) x.axis = { ...x.axis, labelOverlap: "greedy", labelSeparation: 6 };
      if (x.title) x.title = inLines(x.title, room - 90, plain);
    }
    for (const look of channelsOf(spec, "color", "shape", "strokeDash")) {
      if (look.legend === null || look.value !== undefined) continue;
      pen.font = plain;
      const widest = Math.max(0, ...namesOf(spec, look).map((name) => pen.measureText(name).width));
      look.legend = { ...look.legend, columns: Math.max(1, Math.floor((room - 60) / (widest + 32))) };
    }
    if (spec.facet?.column) spec.facet = spec.facet.column;
    const facet = spec.facet?.row ?? spec.facet;
    if (facet) facet.header = { ...facet.header, labelOrient: "top", labelAnchor: "start", labelAngle: 0, labelAlign: "left", labelBaseline: "bottom", labelExpr: "split(replace(datum.label, /(.{34}\\S*) /g, '$1|'), '|')" };
    if (facet?.field && !spec.facet.row) spec.columns = 1;
    const legend = { ...spec.config?.legend, layout: { top: { direction: "vertical", anchor: "start", margin: 4 } } };
    spec.config = { ...spec.config, legend, axisXQuantitative: { tickCount: 4 } };
  };

  // The specification for so many pixels of width.
  const specFor = (given, room) => {
    const spec = structuredClone((room < NARROW && given.usermeta?.narrow) || given);
    const font = spec.config?.font ?? "sans-serif";
    const { title } = spec;
    if (title?.text) title.text = inLines([title.text].flat().join(" "), room - 8, `bold ${spec.config?.title?.fontSize ?? 13}px ${font}`);
    if (title?.subtitle) title.subtitle = inLines([title.subtitle].flat().join(" "), room - 8, `${spec.config?.title?.subtitleFontSize ?? 11}px ${font}`);
    if (room < NARROW) forPhone(spec, room, `12px ${font}`);
    return spec;
  };

  // The drawn chart made narrower until it fits: only then is known what names and numbers beside the plot take.
  const squeeze = async (spec, view, svg, room) => {
    if (isTable(spec)) return;
    const columns = spec.columns ?? 1;
    const name = view.width() ? "width" : "child_width";
    const beyond = () => Number(svg().getAttribute("width")) - room;
    for (let round = 0; round < 4 && beyond() > 0; round++) {
      const [before, width] = [beyond(), view.signal(name)];
      await view.signal(name, Math.max(LEAST, width - Math.ceil(before / columns))).resize().runAsync();
      if (beyond() < before) continue;
      await view.signal(name, width).resize().runAsync(); // what is too wide stands outside the plot
      return;
    }
  };
  return { specFor, squeeze };
})();
