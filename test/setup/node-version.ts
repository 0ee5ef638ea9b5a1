/** The suite runs on the Node that the lock file names; somebody may call vitest without npm. */
export default function assertNodeVersion(): void {
  const major = Number(process.versions.node.split('.')[0])
  if (major < 22) throw new Error(`Node ${process.versions.node} is too old for the tests: run them with \`npm test\``)
}
