using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.Data.Sqlite;
using Superfactory.Core;
using Superfactory.Core.Records;

namespace Superfactory.Control.Journal;

/// <summary>What the journal amounts to.</summary>
/// <param name="State">The state.</param>
/// <param name="Digest">The digest of the last record.</param>
/// <param name="SnapshotRevision">The revision of the snapshot that replay began at; 0 where it began at the first record.</param>
internal sealed record Recovered(FactoryState State, byte[] Digest, long SnapshotRevision);

/// <summary>Reads the journal back: the newest snapshot that is whole, and every record after it, each checked against the digest chain.</summary>
internal static class JournalRecovery
{
    /// <summary>The digest before the first record.</summary>
    public static byte[] Root { get; } = new byte[SHA256.HashSizeInBytes];

    /// <summary>The digest of a record: over the digest before it and its body.</summary>
    public static byte[] Chain(byte[] before, string body)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(before);
        hash.AppendData(Encoding.UTF8.GetBytes(body));
        return hash.GetHashAndReset();
    }

    /// <returns>The state, or what is wrong with the journal.</returns>
    public static (Recovered? Value, string? Problem) Recover(SqliteConnection connection)
    {
        var (state, digest) = Start(connection);
        var snapshotRevision = state.Revision;
        using (var command = connection.CreateCommand())
        {
            command.CommandText = "SELECT revision, body, digest FROM records WHERE revision > $after ORDER BY revision";
            command.Parameters.AddWithValue("$after", state.Revision);
            using var reader = command.ExecuteReader();
            while (reader.Read())
            {
                var revision = reader.GetInt64(0);
                if (revision != state.Revision + 1)
                {
                    return (null, $"record {state.Revision + 1} is missing.");
                }

                var body = reader.GetString(1);
                digest = Chain(digest, body);
                if (!digest.AsSpan().SequenceEqual(reader.GetFieldValue<byte[]>(2)))
                {
                    return (null, $"record {revision} is not what was written.");
                }

                try
                {
                    state = Factory.Apply(state, JournalRecord.FromJson(body));
                }
                catch (JsonException exception)
                {
                    return (null, $"record {revision} is not understood: {exception.Message}");
                }
            }
        }

        var written = Scalar(connection, "SELECT revision FROM writer WHERE id = 1");
        return written == state.Revision
            ? (new Recovered(state, digest, snapshotRevision), null)
            : (null, $"it ends at record {state.Revision}, and {written} were written.");
    }

    private static (FactoryState State, byte[] Digest) Start(SqliteConnection connection)
    {
        using var command = connection.CreateCommand();
        command.CommandText = """
            SELECT snapshots.body, snapshots.digest, records.digest
            FROM snapshots JOIN records ON records.revision = snapshots.revision
            ORDER BY snapshots.revision DESC
            """;
        using var reader = command.ExecuteReader();
        while (reader.Read())
        {
            var body = reader.GetString(0);
            if (SHA256.HashData(Encoding.UTF8.GetBytes(body)).AsSpan().SequenceEqual(reader.GetFieldValue<byte[]>(1)))
            {
                return (FactorySnapshot.FromJson(body).Restore(), reader.GetFieldValue<byte[]>(2));
            }
        }

        return (FactoryState.Empty, Root);
    }

    private static long Scalar(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        return (long)(command.ExecuteScalar() ?? 0L);
    }
}
