"use strict";
// Renders formulas for katex.py: one JSON object a line in, one JSON object a line out.
// It ends when its input ends, so it cannot outlive the build that started it.
const katex = require(process.argv[2]);
const lines = require("node:readline").createInterface({ input: process.stdin });

lines.on("line", (line) => {
  const { tex, display, macros } = JSON.parse(line);
  let answer;
  try {
    answer = {
      html: katex.renderToString(tex, {
        displayMode: display,
        output: "htmlAndMathml",
        throwOnError: true,
        strict: (code) => (code === "newLineInDisplayMode" ? "ignore" : "error"),
        macros: { ...macros },
      }),
    };
  } catch (error) {
    answer = { error: error.message };
  }
  process.stdout.write(JSON.stringify(answer) + "\n");
});
