using System.Globalization;
using System.Text.Json;
using Microsoft.Data.Sqlite;
using Superfactory.Control.Hosting;
using Superfactory.Model;

namespace Superfactory.Control.Telemetry;

/// <summary>The telemetry's tables, and what keeps them bounded. For one thread at a time.</summary>
internal sealed class TelemetryTables : IDisposable
{
    /// <summary>The version that this writes, and the newest that it reads.</summary>
    public const int Version = 1;

    private const string Tables = """
        CREATE TABLE IF NOT EXISTS logs (number INTEGER PRIMARY KEY AUTOINCREMENT, job INTEGER NOT NULL, body TEXT NOT NULL) STRICT;
        CREATE INDEX IF NOT EXISTS logs_by_job ON logs (job, number);
        CREATE TABLE IF NOT EXISTS measurements (number INTEGER PRIMARY KEY AUTOINCREMENT, job INTEGER NOT NULL, body TEXT NOT NULL) STRICT;
        CREATE INDEX IF NOT EXISTS measurements_by_job ON measurements (job, number);
        CREATE TABLE IF NOT EXISTS board (name TEXT PRIMARY KEY, body TEXT NOT NULL) STRICT;
        """;

    private readonly SqliteConnection _connection;
    private readonly SortedDictionary<long, long> _logs;
    private readonly SortedDictionary<long, long> _measurements;

    private TelemetryTables(SqliteConnection connection)
    {
        _connection = connection;
        _logs = Count("logs");
        _measurements = Count("measurements");
    }

    public static Started<TelemetryTables> Open(string path)
    {
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = path, Pooling = false }.ToString());
        try
        {
            connection.Open();
            using var command = connection.CreateCommand();
            command.CommandText = "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA busy_timeout = 5000; PRAGMA user_version;";
            var version = Version;
            using (var reader = command.ExecuteReader())
            {
                do
                {
                    version = reader.Read() && reader.GetName(0) == "user_version" ? reader.GetInt32(0) : version;
                }
                while (reader.NextResult());
            }

            if (version > Version)
            {
                connection.Dispose();
                return new StartFault(StartFault.BadInput, new Problem(
                    $"The telemetry {path} has version {version}, and this superfactory knows versions up to {Version}.",
                    Hint: "Run the newer superfactory that wrote it, or choose another directory with --state."));
            }

            command.CommandText = $"{Tables} PRAGMA user_version = {Version};";
            command.ExecuteNonQuery();
            return new TelemetryTables(connection);
        }
        catch (SqliteException exception)
        {
            connection.Dispose();
            return StartFault.Setup(
                $"The telemetry {path} can't be read: {exception.Message}",
                "It holds logs and measurements only: move it away to go on without them.");
        }
    }

    /// <summary>Writes batches in one transaction, and drops what is beyond the limits.</summary>
    public void Append(IEnumerable<TelemetryBatch> batches, Func<long, bool> isOpen)
    {
        using var transaction = _connection.BeginTransaction();
        foreach (var batch in batches)
        {
            foreach (var line in batch.Logs)
            {
                Insert(transaction, "logs", _logs, line.Job, JsonSerializer.Serialize(line, FactoryJson.Options));
            }

            foreach (var measurement in batch.Measurements)
            {
                Insert(transaction, "measurements", _measurements, measurement.Job, JsonSerializer.Serialize(measurement, FactoryJson.Options));
            }

            foreach (var (name, body) in batch.Board)
            {
                Execute(transaction, "INSERT OR REPLACE INTO board (name, body) VALUES ($name, $body)", ("$name", name), ("$body", body));
            }
        }

        CutLogs(transaction);
        ThinMeasurements(transaction);
        DropJobs(transaction, isOpen);
        transaction.Commit();
    }

    public void Dispose() => _connection.Dispose();

    private void CutLogs(SqliteTransaction transaction)
    {
        foreach (var (job, count) in _logs.Where(entry => entry.Value > TelemetryLimits.LogLinesPerJobMax + TelemetryLimits.Slack).ToList())
        {
            Execute(
                transaction,
                "DELETE FROM logs WHERE job = $job AND number <= (SELECT number FROM logs WHERE job = $job ORDER BY number DESC LIMIT 1 OFFSET $kept)",
                ("$job", job), ("$kept", TelemetryLimits.LogLinesPerJobMax));
            _logs[job] = TelemetryLimits.LogLinesPerJobMax;
        }
    }

    private void ThinMeasurements(SqliteTransaction transaction)
    {
        foreach (var (job, count) in _measurements.Where(entry => entry.Value > TelemetryLimits.MeasurementsPerJobMax + TelemetryLimits.Slack).ToList())
        {
            var removed = Execute(
                transaction,
                """
                DELETE FROM measurements WHERE number IN (
                    SELECT number FROM (
                        SELECT number, ROW_NUMBER() OVER (ORDER BY number) AS place FROM measurements WHERE job = $job)
                    WHERE place <= $half AND place % 2 = 0)
                """,
                ("$job", job), ("$half", count / 2));
            _measurements[job] = count - removed;
        }
    }

    private void DropJobs(SqliteTransaction transaction, Func<long, bool> isOpen)
    {
        var jobs = new SortedSet<long>(_logs.Keys.Concat(_measurements.Keys));
        foreach (var job in jobs.Where(job => !isOpen(job)).Take(Math.Max(0, jobs.Count - TelemetryLimits.JobsMax)).ToList())
        {
            Execute(transaction, "DELETE FROM logs WHERE job = $job", ("$job", job));
            Execute(transaction, "DELETE FROM measurements WHERE job = $job", ("$job", job));
            Execute(transaction, "DELETE FROM board WHERE name GLOB $pattern", ("$pattern", string.Create(CultureInfo.InvariantCulture, $"island/{job}/*")));
            _logs.Remove(job);
            _measurements.Remove(job);
        }
    }

    private void Insert(SqliteTransaction transaction, string table, SortedDictionary<long, long> counts, long job, string body)
    {
        Execute(transaction, $"INSERT INTO {table} (job, body) VALUES ($job, $body)", ("$job", job), ("$body", body));
        counts[job] = counts.GetValueOrDefault(job) + 1;
    }

    private SortedDictionary<long, long> Count(string table)
    {
        using var command = _connection.CreateCommand();
        command.CommandText = $"SELECT job, COUNT(*) FROM {table} GROUP BY job";
        using var reader = command.ExecuteReader();
        var counts = new SortedDictionary<long, long>();
        while (reader.Read())
        {
            counts[reader.GetInt64(0)] = reader.GetInt64(1);
        }

        return counts;
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
}
