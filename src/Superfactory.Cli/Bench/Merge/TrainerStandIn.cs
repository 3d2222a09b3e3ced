using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Superfactory.Cli.CommandLine;
using Superfactory.Model;
using Superfactory.Sync.Bridge.Memory;

namespace Superfactory.Cli.Bench.Merge;

/// <summary>
/// A trainer as its bridge sees it (<c>docs/trainer-protocol.md</c>), in mode <c>every-step</c>: what it contributes lies in the shared
/// memory, and so does what comes back. Merging is all that it does. Not safe for use by several threads.
/// </summary>
internal sealed class TrainerStandIn : IDisposable
{
    private readonly string _island;
    private readonly Socket _socket;
    private readonly StreamReader _replies;
    private MappedFile? _arena;
    private long _round;

    private TrainerStandIn(string island, Socket socket)
    {
        (_island, _socket) = (island, socket);
        _replies = new StreamReader(new NetworkStream(socket, ownsSocket: false), Encoding.UTF8);
    }

    /// <summary>The file that holds the shared memory.</summary>
    public string ArenaPath { get; private set; } = string.Empty;

    /// <summary>Where the merged numbers begin in it, in bytes.</summary>
    public long MergedOffset { get; private set; }

    /// <summary>What this island contributes; valid until this is disposed.</summary>
    public Memory<float> Local { get; private set; }

    /// <summary>What the last merge gave.</summary>
    public Memory<float> Merged { get; private set; }

    /// <summary>Connects to a bridge that is ready, and registers parameters of the given sizes.</summary>
    public static async Task<TrainerStandIn> ConnectAsync(string island, string socketPath, IReadOnlyList<int> sizes, CancellationToken cancellation)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(socketPath), cancellation);
        }
        catch (Exception error)
        {
            socket.Dispose();
            throw error is SocketException ? Lost(island, error) : error;
        }

        var trainer = new TrainerStandIn(island, socket);
        try
        {
            await trainer.RegisterAsync(sizes, cancellation);
            return trainer;
        }
        catch
        {
            trainer.Dispose();
            throw;
        }
    }

    /// <summary>Begins the run; ends when every island has.</summary>
    public async Task StartAsync(CancellationToken cancellation) =>
        _round = Round(await AskAsync(new() { ["type"] = "start" }, "begin", cancellation));

    /// <summary>Contributes what is in <see cref="Local"/>; returns when <see cref="Merged"/> holds the result.</summary>
    public async Task MergeAsync(CancellationToken cancellation) => _round = Round(await AskAsync(
        new() { ["type"] = "merge", ["round"] = _round, ["steps"] = 1, ["tokens"] = 1, ["loss_sum"] = 1.0, ["overflow"] = false }, "merged", cancellation));

    /// <inheritdoc/>
    public void Dispose()
    {
        (Local, Merged) = (default, default);
        _replies.Dispose();
        _socket.Dispose();
        _arena?.Dispose();
    }

    private static long Round(JsonNode reply) => (long)reply["turn"]!["round"]!;

    private async Task RegisterAsync(IReadOnlyList<int> sizes, CancellationToken cancellation)
    {
        await AskAsync(
            new() { ["type"] = "hello", ["protocol"] = FactoryJson.ProtocolVersion, ["client"] = "bench", ["pid"] = Environment.ProcessId, ["world"] = 1 },
            "welcome", cancellation);
        var tensors = new JsonArray();
        foreach (var size in sizes)
        {
            tensors.Add(new JsonObject
            {
                ["name"] = $"tensor.{tensors.Count}",
                ["shape"] = new JsonArray(size),
                ["data_type"] = "float32",
                ["role"] = "parameter",
                ["bytes"] = sizeof(float) * (long)size,
            });
        }

        var arena = await AskAsync(new() { ["type"] = "register", ["tensors"] = tensors }, "arena", cancellation);
        ArenaPath = (string)arena["path"]!;
        MergedOffset = (long)arena["merged"]!;
        var file = new FileStream(ArenaPath, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
        _arena = new MappedFile(file, System.IO.MemoryMappedFiles.MemoryMappedFileAccess.ReadWrite);
        Local = new MappedMemory<float>(_arena, (long)arena["local"]!, sizes.Sum()).Memory;
        Merged = new MappedMemory<float>(_arena, MergedOffset, sizes.Sum()).Memory;
    }

    private async Task<JsonNode> AskAsync(JsonObject message, string expected, CancellationToken cancellation)
    {
        try
        {
            await _socket.SendAsync(Encoding.UTF8.GetBytes(message.ToJsonString() + "\n"), cancellation);
            var line = await _replies.ReadLineAsync(cancellation) ?? throw Lost(_island, null);
            var reply = JsonNode.Parse(line)!;
            return (string?)reply["type"] == expected
                ? reply
                : throw new BenchException($"The bridge of {_island} answered '{line}' where '{expected}' was expected.", ExitCode.JobFailed);
        }
        catch (Exception error) when (error is SocketException or IOException or JsonException)
        {
            throw Lost(_island, error);
        }
    }

    private static BenchException Lost(string island, Exception? cause) =>
        new($"The bridge of {island} is gone{(cause is null ? "." : $": {cause.Message}")}", ExitCode.JobFailed, cause ?? new EndOfStreamException());
}
