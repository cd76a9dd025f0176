"""Published projects in C that build against Debian's libraries, at a release with a bug that their next release fixed."""

from __future__ import annotations

from tests.foreign.cases import Edit
from tests.foreign.dependent.case import Dependent, Registry

_COUNTED = """\
cbor_item_t *string = cbor_new_definite_string();
unsigned char *data = malloc(3);
memcpy(data, "d\\xc3\\xa9", 3);
cbor_string_set_handle(string, data, 3);
"""

LIBCBOR = Dependent(
    registry=Registry.DEBIAN,
    name="libcbor",
    version="0.10.2",
    sha256="e75f712215d7b7e5c89ef322a09b701f7159f028b8b48978865725f00f79875b",
    why="a build in C whose tests need a library of Debian",
    title="cbor_string_codepoint_count is 0 after cbor_string_set_handle",
    body="""\
A string whose data is set by `cbor_string_set_handle` says that it has no code points. One that was loaded counts them.

- [ ] The code points of valid UTF-8 are counted when the handle is set
- [ ] A test shows it
""",
    edits=(
        Edit(
            path="src/cbor/strings.c",
            old='#include "internal/memory_utils.h"\n',
            new='#include "internal/memory_utils.h"\n#include "internal/unicode.h"\n',
        ),
        Edit(
            path="src/cbor/strings.c",
            old="""\
  item->data = data;
  item->metadata.string_metadata.length = length;
}

cbor_item_t **cbor_string_chunks_handle(""",
            new="""\
  item->data = data;
  item->metadata.string_metadata.length = length;
  struct _cbor_unicode_status unicode_status;
  size_t codepoint_count =
      _cbor_unicode_codepoint_count(data, length, &unicode_status);
  item->metadata.string_metadata.codepoint_count =
      unicode_status.status == _CBOR_UNICODE_OK ? codepoint_count : 0;
}

cbor_item_t **cbor_string_chunks_handle(""",
        ),
    ),
    test_path="test/set_handle_test.c",
    test_code=f"""\
#include <string.h>
#include "assertions.h"
#include "cbor.h"

static void test_set_handle_counts_codepoints(void **_CBOR_UNUSED(_state)) {{
{_COUNTED}
  assert_size_equal(cbor_string_length(string), 3);
  assert_size_equal(cbor_string_codepoint_count(string), 2);
  cbor_decref(&string);
}}

int main(void) {{
  const struct CMUnitTest tests[] = {{
      cmocka_unit_test(test_set_handle_counts_codepoints),
  }};
  return cmocka_run_group_tests(tests, NULL, NULL);
}}
""",
    commit="Count codepoints when the handle of a string is set",
    reproduction=f"""cat > /tmp/count.c <<'PROGRAM'
#include <stdlib.h>
#include <string.h>
#include "cbor.h"

int main(void) {{
{_COUNTED}
  return cbor_string_codepoint_count(string) == 2 ? 0 : 1;
}}
PROGRAM
set -e
cmake -S . -B /tmp/build -Wno-dev -DWITH_EXAMPLES=OFF >/dev/null
cmake --build /tmp/build --parallel 2 >/dev/null
cc /tmp/count.c -I src -I /tmp/build -I /tmp/build/src -L /tmp/build/src -lcbor -lm -o /tmp/count
/tmp/count
""",
    setup=(),
    packages=("libcmocka-dev",),
)
