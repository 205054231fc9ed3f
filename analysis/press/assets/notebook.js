(() => {
  // The library is unpacked once a page; a chart that comes before it waits for it.
  const home = (window.passthroughVega ??= Object.assign({}, Promise.withResolvers?.() ?? (() => {
    const made = {};
    made.promise = new Promise((resolve) => (made.resolve = resolve));
    return made;
  })()));
  for (const chart of document.querySelectorAll("div.passthrough[data-spec]")) {
    const spec = JSON.parse(chart.dataset.spec);
    const packed = chart.dataset.library;
    delete chart.dataset.spec;
    if (packed && !home.loaded) {
      home.loaded = true;
      const bytes = Uint8Array.from(atob(packed), (c) => c.charCodeAt(0));
      new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"))).text().then((code) => {
        // Jupyter has a module loader that a script would take for its own; it is put aside for a moment.
        const { define } = window;
        window.define = undefined;
        const script = document.createElement("script");
        script.textContent = code;
        document.head.append(script);
        window.define = define;
        home.resolve(window.vegaEmbed);
      });
    }
    const wait = setTimeout(() => (chart.textContent = "Run the notebook from the top to draw this chart."), 5000);
    home.promise.then((embed) => {
      clearTimeout(wait);
      chart.textContent = "";
      return embed(chart, spec, { mode: "vega-lite", renderer: "svg", actions: false, ast: true });
    });
  }
})();
