// Runs the golden chain: `node run.mjs MODULE`.
import { readFile } from "node:fs/promises";

const { instance } = await WebAssembly.instantiate(await readFile(process.argv[2]));
const end = BigInt.asUintN(64, instance.exports.chain()).toString(16).padStart(16, "0");
console.log(`hash=${end.slice(0, 8)} loss_bits=${end.slice(8)}`);
