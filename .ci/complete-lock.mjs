// Completes package-lock.json after an update of dependencies: adds the optional packages of other platforms that
// npm could not look up and therefore left out, without which `npm ci` refuses the lock on every platform.
import fs from 'node:fs';

const file = new URL('../package-lock.json', import.meta.url);
const lock = JSON.parse(fs.readFileSync(file, 'utf8'));
const packages = lock.packages;
const added = [];
for (const [path, entry] of Object.entries(packages)) {
  if (path === '') continue;
  for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
    if (packages[`node_modules/${name}`] || packages[`${path}/node_modules/${name}`]) continue;
    const platform = name.split('/').pop();
    const os = /android|darwin|freebsd|linux|openharmony|win32/.exec(platform)?.[0];
    const cpu = /arm64|x64|ia32|ppc64|riscv64|s390x|arm/.exec(platform)?.[0];
    if (!os || !cpu) continue;
    const libc = platform.includes('musl') ? 'musl' : os === 'linux' ? 'glibc' : undefined;
    packages[`node_modules/${name}`] = {
      version: version.replace(/^\D*/, ''),
      cpu: [cpu],
      ...(entry.dev && { dev: true }),
      ...(libc && { libc: [libc] }),
      optional: true,
      os: [os],
    };
    added.push(name);
  }
}
lock.packages = Object.fromEntries(Object.entries(packages).toSorted(([a], [b]) => (a < b ? -1 : 1)));
fs.writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`);
console.log(`added ${added.length} platform packages`);
