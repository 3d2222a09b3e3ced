using System.IO.MemoryMappedFiles;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;

namespace Superfactory.Sync.Tests.Bridge;

/// <summary>A trainer as the protocol sees it: JSON lines over a Unix socket, numbers through the arena. Knows nothing of the bridge's own types.</summary>
internal sealed class TrainerClient : IDisposable
{
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly Socket _socket;
    private readonly StreamReader _reader;
    private MemoryMappedFile? _map;
    private MemoryMappedViewAccessor? _view;

    private TrainerClient(Socket socket)
    {
        _socket = socket;
        _reader = new StreamReader(new NetworkStream(socket), Encoding.UTF8);
    }

    public JsonNode Arena { get; private set; } = new JsonObject();

    public JsonNode Turn { get; private set; } = new JsonObject();

    public long Round => (long)Turn["round"]!;

    public int Steps => (int)Turn["steps"]!;

    public bool IsFinished => (bool)Turn["finished"]!;

    public static async Task<TrainerClient> ConnectAsync(string path)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await socket.ConnectAsync(new UnixDomainSocketEndPoint(path));
        return new TrainerClient(socket);
    }

    /// <summary>A tensor as it is registered.</summary>
    public static JsonObject Parameter(string name, params long[] shape) => Tensor(name, "float32", "parameter", sizeof(float) * shape.Aggregate(1L, (one, other) => one * other), shape);

    public static JsonObject Tensor(string name, string type, string role, long bytes, params long[] shape) => new()
    {
        ["name"] = name,
        ["shape"] = new JsonArray([.. shape.Select(dimension => JsonValue.Create(dimension))]),
        ["data_type"] = type,
        ["role"] = role,
        ["bytes"] = bytes,
    };

    public async Task SendAsync(string line)
    {
        var bytes = Encoding.UTF8.GetBytes(line + "\n").AsMemory();
        while (!bytes.IsEmpty)
        {
            bytes = bytes[await _socket.SendAsync(bytes)..];
        }
    }

    /// <summary>The next reply; null at the end of the connection.</summary>
    public async Task<JsonNode?> ReceiveAsync()
    {
        var line = await _reader.ReadLineAsync().WaitAsync(Patience, TestContext.Current.CancellationToken);
        return line is null ? null : JsonNode.Parse(line);
    }

    public async Task<JsonNode> AskAsync(JsonObject message, string expected)
    {
        await SendAsync(message.ToJsonString());
        return await ExpectAsync(expected);
    }

    public async Task<JsonNode> ExpectAsync(string expected)
    {
        var reply = (await ReceiveAsync()).ShouldNotBeNull($"expected '{expected}', not the end of the connection");
        ((string?)reply["type"]).ShouldBe(expected, reply.ToJsonString());
        if (reply["turn"] is { } turn)
        {
            Turn = turn;
        }

        return reply;
    }

    /// <param name="process">The trainer's process; this one, which lives, where none is given.</param>
    public Task<JsonNode> HelloAsync(int? process = null) =>
        AskAsync(new() { ["type"] = "hello", ["protocol"] = 1, ["client"] = "test", ["pid"] = process ?? Environment.ProcessId, ["world"] = 1 }, "welcome");

    public async Task RegisterAsync(params JsonObject[] tensors)
    {
        Arena = await AskAsync(new() { ["type"] = "register", ["tensors"] = new JsonArray(tensors) }, "arena");
        _map = MemoryMappedFile.CreateFromFile(new FileStream((string)Arena["path"]!, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite), null, 0, MemoryMappedFileAccess.ReadWrite, HandleInheritability.None, leaveOpen: false);
        _view = _map.CreateViewAccessor();
    }

    public Task<JsonNode> StartAsync() => AskAsync(new() { ["type"] = "start" }, "begin");

    public Task<JsonNode> DataAsync(long count, int batch) =>
        AskAsync(new() { ["type"] = "data", ["count"] = count, ["batch"] = batch, ["dataset"] = "numbers" }, "deal");

    public Task SayMergeAsync(long tokens, JsonNode lossSum) => SendAsync(new JsonObject
    {
        ["type"] = "merge", ["round"] = Round, ["steps"] = Steps, ["tokens"] = tokens, ["loss_sum"] = lossSum, ["overflow"] = false,
    }.ToJsonString());

    public async Task<JsonNode> MergeAsync(long tokens, JsonNode lossSum)
    {
        await SayMergeAsync(tokens, lossSum);
        return await ExpectAsync("merged");
    }

    public Task<JsonNode> FinalizeAsync() => AskAsync(new() { ["type"] = "finalize" }, "finalized");

    public Task<JsonNode> FinishAsync(string hash) => AskAsync(new()
    {
        ["type"] = "finish", ["parameters_sha256"] = hash, ["steps"] = 4, ["training_seconds"] = 1.5, ["wall_seconds"] = 2.0,
        ["values"] = new JsonObject { ["validation_loss_final"] = 0.25 }, ["texts"] = new JsonObject { ["sample"] = "text" },
    }, "done");

    public void Write(string region, params float[] numbers) => _view!.WriteArray((long)Arena[region]!, numbers, 0, numbers.Length);

    public void WriteStatics(params byte[] bytes) => _view!.WriteArray((long)Arena["statics"]!, bytes, 0, bytes.Length);

    public float[] Read(string region, int count)
    {
        var numbers = new float[count];
        _view!.ReadArray((long)Arena[region]!, numbers, 0, count);
        return numbers;
    }

    public byte[] ReadStatics(int count)
    {
        var bytes = new byte[count];
        _view!.ReadArray((long)Arena["statics"]!, bytes, 0, count);
        return bytes;
    }

    public void Dispose()
    {
        _reader.Dispose();
        _socket.Dispose();
        _view?.Dispose();
        _map?.Dispose();
    }
}
