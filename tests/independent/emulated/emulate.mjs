// `emulate` as its documentation starts it; the seed is one line of JSON on standard input, the address one line on standard output.
import { createInterface } from "node:readline";
import { createEmulator } from "emulate";

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const seed = JSON.parse((await lines.next()).value);
const { url } = await createEmulator({ service: "github", port: Number(process.env.PORT), seed });
console.log(url);
