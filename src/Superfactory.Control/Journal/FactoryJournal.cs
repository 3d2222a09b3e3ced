using System.Security.Cryptography;
using System.Text;
using Microsoft.Data.Sqlite;
using Superfactory.Control.Hosting;
using Superfactory.Core;
using Superfactory.Core.Records;

namespace Superfactory.Control.Journal;

/// <summary>
/// The journal in SQLite. Records are appended and committed with an fsync before anything is made of them. For one thread at a time:
/// the writer loop's.
/// </summary>
internal sealed class FactoryJournal : IDisposable
{
    /// <summary>A snapshot is kept after at least this many records, so that a start replays at most about as many, some 100 ms of work.</summary>
    public const int RecordsPerSnapshot = 1_000;

    /// <summary>Snapshots kept: the newest, and one before it in case the newest can't be read.</summary>
    public const int SnapshotsKept = 2;

    /// <summary>The file's name.</summary>
    public const string FileName = "journal.db";

    private readonly SqliteConnection _connection;
    private readonly JournalFence _fence;
    private readonly long _term;
    private readonly int _recordsPerSnapshot;
    private byte[] _digest;
    private long _snapshotRevision;

    private FactoryJournal(string path, SqliteConnection connection, JournalFence fence, long term, Recovered recovered, int recordsPerSnapshot)
    {
        (_connection, _fence, _term, _recordsPerSnapshot) = (connection, fence, term, recordsPerSnapshot);
        FilePath = path;
        (State, _digest, _snapshotRevision) = (recovered.State, recovered.Digest, recovered.SnapshotRevision);
    }

    /// <summary>The file that it is in.</summary>
    public string FilePath { get; }

    /// <summary>The state that the journal's records amount to.</summary>
    public FactoryState State { get; private set; }

    /// <summary>Opens or makes the journal in <paramref name="directory"/>, fences off every other writer, and recovers the state.</summary>
    public static Started<FactoryJournal> Open(string directory, int recordsPerSnapshot = RecordsPerSnapshot)
    {
        var path = Path.Combine(directory, FileName);
        var fence = JournalFence.Take(directory, path);
        if (fence.Value is not { } held)
        {
            return fence.Fault!;
        }

        var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = path, Pooling = false }.ToString());
        try
        {
            var opened = Open(connection, held, path, recordsPerSnapshot);
            if (opened.Fault is not null)
            {
                connection.Dispose();
                held.Dispose();
            }

            return opened;
        }
        catch (SqliteException exception)
        {
            connection.Dispose();
            held.Dispose();
            return Damaged(path, exception.Message);
        }
    }

    /// <summary>Appends records, commits them to the disk, and applies them.</summary>
    /// <returns>The state after them.</returns>
    /// <exception cref="JournalException">They could not be committed, or another control plane has taken over. Nothing was applied.</exception>
    public FactoryState Append(IReadOnlyList<JournalRecord> records)
    {
        try
        {
            using var transaction = _connection.BeginTransaction();
            var digest = Insert(transaction, records);
            var revision = State.Revision + records.Count;
            if (Execute(transaction, "UPDATE writer SET revision = $revision WHERE id = 1 AND term = $term", ("$revision", revision), ("$term", _term)) != 1)
            {
                throw new JournalException("Another control plane has taken over this journal.");
            }

            transaction.Commit();
            _digest = digest;
        }
        catch (SqliteException exception)
        {
            throw new JournalException($"The journal can't be written: {exception.Message}", exception);
        }

        State = records.Aggregate(State, Factory.Apply);
        return State;
    }

    /// <summary>Keeps a snapshot if enough records came since the last one.</summary>
    /// <exception cref="JournalException">It could not be written.</exception>
    public void KeepSnapshot()
    {
        // A snapshot has every job: with many of them it is kept after as many records, so that it costs each record the same.
        if (State.Revision - _snapshotRevision < Math.Max(_recordsPerSnapshot, State.Jobs.Count))
        {
            return;
        }

        try
        {
            var body = FactorySnapshot.Of(State).ToJson();
            using var transaction = _connection.BeginTransaction();
            Execute(
                transaction,
                "INSERT OR REPLACE INTO snapshots (revision, body, digest) VALUES ($revision, $body, $digest)",
                ("$revision", State.Revision), ("$body", body), ("$digest", SHA256.HashData(Encoding.UTF8.GetBytes(body))));
            Execute(
                transaction,
                "DELETE FROM snapshots WHERE revision NOT IN (SELECT revision FROM snapshots ORDER BY revision DESC LIMIT $kept)",
                ("$kept", SnapshotsKept));
            transaction.Commit();
            _snapshotRevision = State.Revision;
        }
        catch (SqliteException exception)
        {
            throw new JournalException($"A snapshot can't be written: {exception.Message}", exception);
        }
    }

    public void Dispose()
    {
        _connection.Dispose();
        _fence.Dispose();
    }

    private static Started<FactoryJournal> Open(SqliteConnection connection, JournalFence fence, string path, int recordsPerSnapshot)
    {
        connection.Open();
        Execute(connection, "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA busy_timeout = 5000;");
        var version = JournalSchema.Read(connection);
        if (version > JournalSchema.Version)
        {
            return new StartFault(StartFault.BadInput, new Model.Problem(
                $"The journal {path} has version {version}, and this superfactory knows versions up to {JournalSchema.Version}.",
                Hint: "Run the newer superfactory that wrote it, or choose another directory with --state."));
        }

        if (version == 0)
        {
            JournalSchema.Create(connection);
        }

        using (var takeOver = connection.CreateCommand())
        {
            takeOver.CommandText = "UPDATE writer SET term = term + 1, process = $process, host = $host WHERE id = 1 RETURNING term";
            takeOver.Parameters.AddWithValue("$process", Environment.ProcessId);
            takeOver.Parameters.AddWithValue("$host", Environment.MachineName);
            if (takeOver.ExecuteScalar() is not long term)
            {
                return Damaged(path, "its writer row is missing.");
            }

            var recovered = JournalRecovery.Recover(connection);
            return recovered.Value is { } value
                ? new FactoryJournal(path, connection, fence, term, value, recordsPerSnapshot)
                : Damaged(path, recovered.Problem!);
        }
    }

    private byte[] Insert(SqliteTransaction transaction, IReadOnlyList<JournalRecord> records)
    {
        using var insert = _connection.CreateCommand();
        insert.Transaction = transaction;
        insert.CommandText = "INSERT INTO records (revision, body, digest) VALUES ($revision, $body, $digest)";
        var revisionParameter = insert.Parameters.Add("$revision", SqliteType.Integer);
        var bodyParameter = insert.Parameters.Add("$body", SqliteType.Text);
        var digestParameter = insert.Parameters.Add("$digest", SqliteType.Blob);
        var digest = _digest;
        var revision = State.Revision;
        foreach (var record in records)
        {
            var body = record.ToJson();
            digest = JournalRecovery.Chain(digest, body);
            revisionParameter.Value = ++revision;
            bodyParameter.Value = body;
            digestParameter.Value = digest;
            insert.ExecuteNonQuery();
        }

        return digest;
    }

    private int Execute(SqliteTransaction transaction, string sql, params ReadOnlySpan<(string Name, object Value)> parameters)
    {
        using var command = _connection.CreateCommand();
        command.Transaction = transaction;
        command.CommandText = sql;
        foreach (var (name, value) in parameters)
        {
            command.Parameters.AddWithValue(name, value);
        }

        return command.ExecuteNonQuery();
    }

    private static void Execute(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    private static StartFault Damaged(string path, string what) => StartFault.Setup(
        $"The journal {path} can't be read: {what}",
        "Nothing was changed. Bring the file back from a copy, or choose another directory with --state.");
}
