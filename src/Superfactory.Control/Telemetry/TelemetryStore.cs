using System.Collections.Immutable;
using System.Text.Json;
using System.Threading.Channels;
using Microsoft.Data.Sqlite;
using Superfactory.Control.Hosting;
using Superfactory.Model;
using Superfactory.Model.Agents;

namespace Superfactory.Control.Telemetry;

/// <summary>
/// Logs, measurements and the newest progress of islands in a SQLite file of their own. What was acknowledged survives the death of this
/// process; the last second may be lost with the machine, because commits are not forced to the disk. Safe to use from any thread.
/// </summary>
internal sealed class TelemetryStore : IAsyncDisposable
{
    /// <summary>The file's name.</summary>
    public const string FileName = "telemetry.db";

    private readonly Channel<Request> _requests = Channel.CreateBounded<Request>(
        new BoundedChannelOptions(TelemetryLimits.QueueLength) { SingleReader = true, FullMode = BoundedChannelFullMode.Wait });

    private readonly TelemetryTables _tables;
    private readonly string _readers;
    private Task _loop = Task.CompletedTask;

    private TelemetryStore(TelemetryTables tables, string readers) => (_tables, _readers) = (tables, readers);

    /// <summary>Which jobs have not ended, so that what is kept of them is not dropped for others.</summary>
    public Func<long, bool> IsOpen { get; set; } = static _ => true;

    public static Started<TelemetryStore> Open(string directory)
    {
        var path = Path.Combine(directory, FileName);
        var tables = TelemetryTables.Open(path);
        return tables.Value is { } opened
            ? new TelemetryStore(opened, new SqliteConnectionStringBuilder { DataSource = path, Mode = SqliteOpenMode.ReadOnly, Pooling = true }.ToString())
            : tables.Fault!;
    }

    public void Start() => _loop = Task.Run(RunAsync);

    /// <summary>Keeps a batch, and waits until it would survive the death of this process.</summary>
    /// <exception cref="SqliteException">It can't be written.</exception>
    public async ValueTask AppendAsync(TelemetryBatch batch, CancellationToken cancellation)
    {
        if (batch.IsEmpty)
        {
            return;
        }

        var request = new Request(batch);
        await _requests.Writer.WriteAsync(request, cancellation);
        await request.Done.Task.WaitAsync(cancellation);
    }

    public LogPage ReadLogs(long job, long after, int limit)
    {
        var lines = ImmutableArray.CreateBuilder<LogLine>();
        var next = Read<LogLine>("logs", job, after, limit, lines.Add);
        return new LogPage { Next = next, Lines = lines.DrainToImmutable() };
    }

    public MeasurementPage ReadMeasurements(long job, long after, int limit)
    {
        var items = ImmutableArray.CreateBuilder<Measurement>();
        var next = Read<Measurement>("measurements", job, after, limit, items.Add);
        return new MeasurementPage { Next = next, Items = items.DrainToImmutable() };
    }

    /// <summary>The board as it was kept, by key.</summary>
    public ImmutableSortedDictionary<string, string> ReadBoard()
    {
        using var connection = new SqliteConnection(_readers);
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = "SELECT name, body FROM board";
        using var reader = command.ExecuteReader();
        var board = ImmutableSortedDictionary.CreateBuilder<string, string>(StringComparer.Ordinal);
        while (reader.Read())
        {
            board[reader.GetString(0)] = reader.GetString(1);
        }

        return board.ToImmutable();
    }

    public async ValueTask DisposeAsync()
    {
        _requests.Writer.TryComplete();
        await _loop;
        _tables.Dispose();
        using var connection = new SqliteConnection(_readers);
        SqliteConnection.ClearPool(connection);
    }

    private long Read<T>(string table, long job, long after, int limit, Action<T> add)
    {
        using var connection = new SqliteConnection(_readers);
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = $"SELECT number, body FROM {table} WHERE job = $job AND number > $after ORDER BY number LIMIT $limit";
        command.Parameters.AddWithValue("$job", job);
        command.Parameters.AddWithValue("$after", after);
        command.Parameters.AddWithValue("$limit", Math.Clamp(limit, 1, TelemetryLimits.PageMax));
        using var reader = command.ExecuteReader();
        var next = after;
        while (reader.Read())
        {
            next = reader.GetInt64(0);
            if (JsonSerializer.Deserialize<T>(reader.GetString(1), FactoryJson.Options) is { } item)
            {
                add(item);
            }
        }

        return next;
    }

    private async Task RunAsync()
    {
        var requests = new List<Request>(TelemetryLimits.ReportsPerCommit);
        while (await _requests.Reader.WaitToReadAsync())
        {
            while (requests.Count < TelemetryLimits.ReportsPerCommit && _requests.Reader.TryRead(out var request))
            {
                requests.Add(request);
            }

            try
            {
                _tables.Append(requests.Select(request => request.Batch), IsOpen);
                requests.ForEach(request => request.Done.TrySetResult());
            }
            catch (Exception exception)
            {
                // The agents that wait for it are told, and send it again.
                requests.ForEach(request => request.Done.TrySetException(exception));
            }

            requests.Clear();
        }
    }

    private sealed record Request(TelemetryBatch Batch)
    {
        public TaskCompletionSource Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
