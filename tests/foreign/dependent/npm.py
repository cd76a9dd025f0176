"""Published npm packages with a tree of dependencies and a test runner, at a release with a bug that their next release fixed."""

from __future__ import annotations

from tests.foreign.cases import Edit
from tests.foreign.dependent.case import Dependent, Registry

SPLIT2 = Dependent(
    registry=Registry.NPM,
    name="split2",
    version="4.1.0",
    sha256="0ad96925898e484e7819a2a89d130eac13e9bb72ff835641c7b5c705d4d76653",
    why="a dependency tree of npm with a test runner",
    title="An object with Symbol.split is taken for the options",
    body="""\
`String.prototype.split` takes any object with a `Symbol.split` method. `split2` takes such an object for its options, and splits at
line ends.

- [ ] An object with `Symbol.split` is the matcher
- [ ] A test shows it
""",
    edits=(
        Edit(
            path="index.js",
            old="} else if (typeof matcher === 'object' && !(matcher instanceof RegExp)) {",
            new="} else if (typeof matcher === 'object' && !(matcher instanceof RegExp) && !matcher[Symbol.split]) {",
        ),
    ),
    test_path="test.js",
    test_code="""
test('supports Symbol.split', function (t) {
  t.plan(2)

  const input = split({
    [Symbol.split] (str) {
      return str.split('~')
    }
  })

  input.pipe(strcb(function (err, list) {
    t.error(err)
    t.deepEqual(list, ['hello', 'world'])
  }))

  input.end('hello~world')
})
""",
    commit="Take an object with Symbol.split as the matcher",
    reproduction="""node -e '
const split = require("./")
const found = []
split({ [Symbol.split] (text) { return text.split("~") } }).on("data", (part) => found.push(String(part))).on("end", () => {
  if (found.join() !== "hello,world") { console.error("Error: " + found.join()); process.exit(1) }
}).end("hello~world")
'
""",
    setup=("npm install",),
)

BL = Dependent(
    registry=Registry.NPM,
    name="bl",
    version="4.0.2",
    sha256="f6e20f1343db6e2d56b4c8b71cf345525af30d9308a14a9b7e848d28657812a3",
    why="dependencies of its own beside those of its tests, several hundred packages in all",
    title="After consume(-1) the list says that it is longer than it is, and slice gives memory that nobody wrote",
    body="""\
`consume` with a negative number makes the list longer instead of leaving it alone:

```js
const bl = new BufferList()
bl.append(Buffer.from('a'))
bl.consume(-1024)
bl.length      // 1025
bl.slice(1)    // 1024 bytes of whatever was there before
```

- [ ] `consume` with a negative number changes nothing
- [ ] A test shows it
""",
    edits=(
        Edit(
            path="BufferList.js",
            old="""\
BufferList.prototype.consume = function consume (bytes) {
""",
            new="""\
BufferList.prototype.consume = function consume (bytes) {
  // first, normalize the argument, in accordance with how Buffer does it
  bytes = Math.trunc(bytes)
  // do nothing if not a positive number
  if (Number.isNaN(bytes) || bytes <= 0) return this

""",
        ),
    ),
    test_path="test/test.js",
    test_code="""
tape('consume leaves the list alone unless there is something to consume', function (t) {
  const bl = new BufferList()
  bl.append(Buffer.from('abc'))
  bl.consume(-1024).consume(NaN).consume(0.5)
  t.equal(bl.length, 3)
  t.equal(bl.slice(1).toString(), 'bc')
  t.end()
})
""",
    commit="Consume nothing unless it is a positive number of bytes",
    reproduction="""node -e '
const BufferList = require("./")
const bl = new BufferList()
bl.append(Buffer.from("a"))
bl.consume(-1024)
if (bl.length !== 1) { console.error("Error: " + bl.length); process.exit(1) }
'
""",
    setup=("npm install",),
)
