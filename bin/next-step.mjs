// After `npm start`: what to do next. On stderr, since stdout is the report.
process.stderr.write(`
Next: the same on an endpoint of yours. What it is, and what can be tested on it, in seconds; then all of it:
  bin/qmpcheck doctor --target 'exec:./your-vmm --qmp stdio'    (or qemu-system, unix:PATH, tcp:HOST:PORT …)
  bin/qmpcheck run --target 'exec:./your-vmm --qmp stdio' --reporter spec --reporter html=report.html
`);
