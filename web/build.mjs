// Bundles src/ and styles/ into dist/ with a content hash in each name, and dist/manifest.json, which maps plain name to
// hashed name for the server's asset(). Everything is written to a sibling folder first, so that an interrupted
// build never leaves half a dist/.
import { build } from "esbuild";
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

const here = dirname(fileURLToPath(import.meta.url));
const dist = join(here, "dist");
const fresh = join(here, `dist-${process.pid}`);

await rm(fresh, { recursive: true, force: true });
await mkdir(fresh, { recursive: true });
try {
  const common = {
    absWorkingDir: here,
    entryNames: "[name]-[hash]",
    bundle: true,
    minify: true,
    sourcemap: true,
    format: "esm",
    // Government desks run browsers some years old.
    target: ["chrome91", "firefox91", "safari15"],
    loader: { ".svg": "copy" },
    outdir: fresh,
    metafile: true,
    legalComments: "linked",
    logLevel: "warning",
  };
  const results = await Promise.all([
    // What only some pages need (the phone in the browser) is fetched when it is needed.
    build({ ...common, entryPoints: { app: "src/app.js" }, splitting: true, chunkNames: "part-[name]-[hash]" }),
    build({
      ...common,
      entryPoints: {
        // Apart and tiny: it runs before the first paint, so that a dark wall never flashes white.
        theme: "src/theme.js",
        style: "styles/style.css",
        favicon: "styles/favicon.svg",
        // Neither a wall nor a citizen loads what desks need.
        board: "src/wallboard/board.js",
        "board-style": "styles/board.css",
        citizen: "src/citizen/citizen.js",
        "citizen-page": "styles/citizen-page.css",
      },
    }),
  ]);
  const outputs = results.flatMap(({ metafile }) => Object.entries(metafile.outputs));
  // A part is named by its own hashed name: the server must know it as a file that never changes.
  const manifest = Object.fromEntries(
    outputs
      .filter(([path, output]) => output.entryPoint || /part-[^/]*\.js$/.test(path))
      .map(([path]) => [/part-[^/]*\.js$/.test(path) ? basename(path) : basename(path).replace(/-[A-Z0-9]{8}\./, "."), basename(path)])
      .sort(),
  );
  // Once here, as small as can be, and not for every browser: the server sends these where the browser takes them.
  const squeezed = outputs.map(([path]) => basename(path)).filter((name) => /\.(js|css|svg)$/.test(name));
  for (const name of squeezed) {
    const content = await readFile(join(fresh, name));
    const brotli = brotliCompressSync(content, { params: { [constants.BROTLI_PARAM_SIZE_HINT]: content.length } });
    await writeFile(join(fresh, `${name}.br`), brotli);
    await writeFile(join(fresh, `${name}.gz`), gzipSync(content, { level: 9 }));
  }
  await writeFile(join(fresh, "manifest.json"), `${JSON.stringify(manifest, null, 2)}\n`);
  await rm(dist, { recursive: true, force: true });
  await rename(fresh, dist);
  for (const [name, file] of Object.entries(manifest)) console.log(`${name} -> dist/${file}`);
} finally {
  await rm(fresh, { recursive: true, force: true });
}
