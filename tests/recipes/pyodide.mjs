// Run the Python program on standard input in Pyodide. The folder that is given holds its packages.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

// An import would not look into the folders of NODE_PATH.
const { loadPyodide } = createRequire(import.meta.url)("pyodide");
const pyodide = await loadPyodide();
pyodide.mountNodeFS("/packages", process.argv[2]);
await pyodide.runPythonAsync(`import sys\nsys.path.insert(0, "/packages")\n${readFileSync(0, "utf8")}`);
