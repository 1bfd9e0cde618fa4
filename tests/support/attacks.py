"""Answers that attack the grader, each bounded by itself: 40 s, 200 processes or threads, 1 GB.

Each one returns the right answer only after it has reached what it is after. So wherever the sandbox has a hole, the
answer is right, and the test that says it must not be is red.
"""

from tinygan.lessons.catalog import find_lesson

RIGHT = "return grad_y * y * (1 - y)"

ATTACKS = {
    "loop": """
        for _ in range(400_000_000):
            pass
    """,
    "sleep": """
        import time
        time.sleep(40)
    """,
    "silence": """
        import os, time
        os.close(3)
        time.sleep(40)
    """,
    "processes": """
        import os, time
        for _ in range(200):
            if os.fork() == 0:
                time.sleep(3)
                os._exit(0)
    """,
    "threads": """
        import threading, time
        threading.stack_size(65536)  # so that it is not memory that they lack
        for _ in range(200):
            threading.Thread(target=time.sleep, args=(3,), daemon=True).start()
    """,
    "memory": """
        np.empty(10 * 2**30, np.uint8)  # no page of it is ever touched
    """,
    "memory_of_a_file": """
        import os
        os.memfd_create("memory")
    """,
    "segfault": """
        import ctypes
        ctypes.string_at(0)
    """,
    "exit": """
        import os
        os._exit(0)
    """,
    "replaced_comparison": """
        np.allclose = lambda *one, **other: True
        return -grad_y
    """,
    "network": """
        import socket
        socket.create_connection(("127.0.0.1", {port}), timeout=5).close()
    """,
    "memory_of_others": """
        import ctypes, os
        number = {{"x86_64": 310, "aarch64": 270}}[os.uname().machine]  # process_vm_readv
        if ctypes.CDLL(None, use_errno=True).syscall(number, os.getpid(), 0, 0, 0, 0, 0) != 0:
            raise OSError(os.strerror(ctypes.get_errno()))
    """,
    "pair_of_sockets": """
        import socket
        for end in socket.socketpair():
            end.close()
    """,
    "reading": """
        for path in {secrets}:
            try:
                open(path).close()
                break
            except OSError:
                pass
        else:
            raise OSError("nothing to read")
    """,
    "writing": """
        for folder in {folders}:
            try:
                open(folder + "/attack.txt", "w").close()
                break
            except OSError:
                pass
        else:
            raise OSError("nowhere to write")
    """,
    "print": """
        for _ in range(100):
            print("x" * 1_000_000)
    """,
    "output": """
        import os
        for _ in range(100):
            os.write(1, b"x" * 1_000_000)
            os.write(2, b"x" * 1_000_000)
        return -grad_y
    """,
    "flood": """
        import os
        for _ in range(200):
            os.write(3, b"x" * 1_000_000)
    """,
    "forgery": """
        import os
        read = b'{{"look": "", "texts": {{}}}}'
        for letter, content in ((b"R", read), (b"F", b"right\\nGood."), (b"D", b"It is right.")):
            os.write(3, letter + len(content).to_bytes(8, "little") + content)
        os._exit(0)
    """,
}


def lesson_with(code, exercise="sigmoid_backward"):
    """Return lesson 3 with its solutions, but for one exercise: other lines in its place."""
    script = find_lesson(3).script.read_text(encoding="utf-8")
    assert script.count(RIGHT) == 1
    lines = [line.strip("\n") for line in code.split("\n") if line.strip()]
    margin = len(lines[0]) - len(lines[0].lstrip())
    body = "\n".join("    " + line[margin:] for line in lines)
    return script.replace(f"    {RIGHT}", f"{body}\n    {RIGHT}")


def attacks(port, secrets, folders):
    """Return all attacks, by name, as the text of a script each."""
    return {
        name: lesson_with(code.format(port=port, secrets=secrets, folders=folders)) for name, code in ATTACKS.items()
    }
