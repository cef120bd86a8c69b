# SPDX-License-Identifier: MIT
# The extension that cffi makes of the C headers: its functions are checked by the C compiler.
from typing import Any

ffi: Any
lib: Any
