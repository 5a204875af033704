// Compiles every source of a folder, as `python -m compileall` does. Arguments: Pyodide's module, the folder, and where the
// functions will find that folder.
import { pathToFileURL } from "node:url";

const [pyodide, folder, root] = process.argv.slice(2);
const { loadPyodide } = await import(pathToFileURL(pyodide));
const python = await loadPyodide();
python.FS.mkdirTree("/laid");
python.mountNodeFS("/laid", folder);
python.globals.set("root", root);
python.runPython(`
from compileall import compile_dir
from py_compile import PycInvalidationMode

compile_dir("/laid", quiet=2, invalidation_mode=PycInvalidationMode.UNCHECKED_HASH, stripdir="/laid", prependdir=root)
`);
