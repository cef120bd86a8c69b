# SPDX-License-Identifier: MIT
"""A database as a daemon leaves it: two events by the library, and a pause of this minute."""
import json
import os
import sqlite3
import subprocess
import time

EVIDENCE = [{"name": "psi_memory_full_us", "value": 2290000, "window_ms": 2400}]
CULPRITS = [{"pid": 41, "command": "hog", "resource": "memory", "share": 0.96, "count": 2,
             "suspect": False, "exe": "/usr/bin/hog", "unit": None, "uid": 0}]
VICTIMS = [{"pid": 9, "command": "Xorg", "lost_ms": 2200, "how": "blocked"}]


def make(directory, make_db):
    os.makedirs(directory, mode=0o700, exist_ok=True)
    path = os.path.join(directory, "data.db")
    subprocess.run([make_db, path], check=True, timeout=60)
    row = {"id": 1, "start_timestamp": time.time() - 60, "end_timestamp": time.time() - 57.69,
           "duration_ms": 2310, "lost_ms": 2290, "detectors": '["heartbeat"]', "cause": "memory",
           "confidence": 0.94, "verdict": "", "evidence": json.dumps(EVIDENCE),
           "culprits": json.dumps(CULPRITS), "victims": json.dumps(VICTIMS), "tier": 2,
           "event_id": None, "forensics": None}
    base = sqlite3.connect(path)
    base.execute(f"INSERT INTO pauses ({','.join(row)}) VALUES ({','.join('?' * len(row))})",
                 list(row.values()))
    base.commit()
    base.close()
