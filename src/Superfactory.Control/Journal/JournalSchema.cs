using Microsoft.Data.Sqlite;

namespace Superfactory.Control.Journal;

/// <summary>The tables of the journal and their version.</summary>
internal static class JournalSchema
{
    /// <summary>The version that this writes, and the newest that it reads. A newer one is refused, never guessed at.</summary>
    public const int Version = 1;

    // writer: one row. Its term rises with every control plane that opens the journal; an append by an older term changes no row and fails.
    // records: never changed or deleted. digest: SHA-256 over the digest before and the body, so that no record can be altered or lost unseen.
    private const string Tables = """
        CREATE TABLE writer (
            id INTEGER PRIMARY KEY CHECK (id = 1),
            term INTEGER NOT NULL,
            process INTEGER NOT NULL,
            host TEXT NOT NULL,
            revision INTEGER NOT NULL
        ) STRICT;
        INSERT INTO writer (id, term, process, host, revision) VALUES (1, 0, 0, '', 0);
        CREATE TABLE records (
            revision INTEGER PRIMARY KEY,
            body TEXT NOT NULL,
            digest BLOB NOT NULL
        ) STRICT;
        CREATE TABLE snapshots (
            revision INTEGER PRIMARY KEY,
            body TEXT NOT NULL,
            digest BLOB NOT NULL
        ) STRICT;
        """;

    /// <summary>The version of what the file holds; 0 where it is new.</summary>
    public static long Read(SqliteConnection connection)
    {
        using var command = connection.CreateCommand();
        command.CommandText = "PRAGMA user_version";
        return (long)command.ExecuteScalar()!;
    }

    public static void Create(SqliteConnection connection)
    {
        using var transaction = connection.BeginTransaction();
        using var command = connection.CreateCommand();
        command.Transaction = transaction;
        command.CommandText = $"{Tables} PRAGMA user_version = {Version};";
        command.ExecuteNonQuery();
        transaction.Commit();
    }
}
