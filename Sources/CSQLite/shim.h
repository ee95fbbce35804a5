// SPDX-License-Identifier: Apache-2.0
#ifndef NEURON_WS_CSQLITE_SHIM_H
#define NEURON_WS_CSQLITE_SHIM_H

#include <sqlite3.h>

/* What somebody else may have written into a file is data: its schema runs nothing. */
static inline void neuron_ws_sqlite3_distrust(sqlite3 *database)
{
    sqlite3_db_config(database, SQLITE_DBCONFIG_DEFENSIVE, 1, (int *)0);
    sqlite3_db_config(database, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, (int *)0);
    sqlite3_db_config(database, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, (int *)0);
    sqlite3_db_config(database, SQLITE_DBCONFIG_ENABLE_VIEW, 0, (int *)0);
}

/* For a file that is damaged and only read: pages that it lacks do not keep the others from being read. */
static inline void neuron_ws_sqlite3_salvage(sqlite3 *database)
{
    sqlite3_db_config(database, SQLITE_DBCONFIG_DEFENSIVE, 0, (int *)0);
    sqlite3_db_config(database, SQLITE_DBCONFIG_WRITABLE_SCHEMA, 1, (int *)0);
}

/* How long the file is that is open, bytes; -1: it does not say. */
static inline sqlite3_int64 neuron_ws_sqlite3_file_bytes(sqlite3 *database)
{
    sqlite3_file *file = (sqlite3_file *)0;
    sqlite3_int64 bytes = 0;
    if (sqlite3_file_control(database, "main", SQLITE_FCNTL_FILE_POINTER, &file) != SQLITE_OK || !file->pMethods ||
        file->pMethods->xFileSize(file, &bytes) != SQLITE_OK) {
        return -1;
    }
    return bytes;
}

/* Reads, or writes and syncs, bytes of the file, beside all that SQLite knows of it: behind a write it is to be opened
 * anew. Another descriptor would take the lock away when it is closed. Returns SQLite's code. */
static inline int neuron_ws_sqlite3_file_at(sqlite3 *database, sqlite3_int64 offset, void *bytes, int count, int writes)
{
    sqlite3_file *file = (sqlite3_file *)0;
    int status = sqlite3_file_control(database, "main", SQLITE_FCNTL_FILE_POINTER, &file);
    if (status != SQLITE_OK || !file->pMethods) {
        return status != SQLITE_OK ? status : SQLITE_CANTOPEN;
    }
    if (!writes) {
        return file->pMethods->xRead(file, bytes, count, offset);
    }
    status = file->pMethods->xWrite(file, bytes, count, offset);
    return status != SQLITE_OK ? status : file->pMethods->xSync(file, SQLITE_SYNC_NORMAL);
}

#endif
