using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Superfactory.Lab.Running;
using Superfactory.Lab.Topology;
using Superfactory.Model.Units;

namespace Superfactory.Lab.Fibre;

/// <summary>Takes orders over a local socket, one line each, one a connection.</summary>
internal static class FibreControl
{
    /// <summary>The longest order: it names two sites and a few numbers.</summary>
    private const int OrderBytesMax = 4096;

    /// <summary>How long a caller may take to say what it wants.</summary>
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(5);

    /// <summary>Takes orders until cancelled.</summary>
    public static async Task ServeAsync(Socket listener, Func<FibreOrder, Task<FibreAnswer>> obey, CancellationToken cancellation)
    {
        while (!cancellation.IsCancellationRequested)
        {
            using var caller = await listener.AcceptAsync(cancellation);
            try
            {
                using var late = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
                late.CancelAfter(_patience);
                await AnswerAsync(caller, obey, late.Token);
            }
            catch (Exception exception) when (exception is IOException or SocketException or OperationCanceledException)
            {
                // The caller went away or stayed silent; the next one is served.
                continue;
            }
        }
    }

    /// <summary>Sends an order to the program that carries the packets.</summary>
    /// <exception cref="SocketException">It does not listen.</exception>
    /// <exception cref="IOException">It went away.</exception>
    public static async Task<FibreAnswer> AskAsync(string path, FibreOrder order, CancellationToken cancellation)
    {
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), cancellation);
        await using var stream = new NetworkStream(socket);
        await stream.WriteAsync(Line(order), cancellation);
        using var reader = new StreamReader(stream);
        var line = await reader.ReadLineAsync(cancellation);
        return line is null
            ? throw new IOException("It went away without an answer.")
            : JsonSerializer.Deserialize<FibreAnswer>(line, LaboratoryState.Json) ?? throw new IOException("It gave no answer.");
    }

    /// <summary>
    /// Gives it two orders that change nothing, so that all that reads, obeys and answers one is compiled before the first that counts: that took
    /// 0.3 s of a first cut on a busy machine. Something must be serving.
    /// </summary>
    public static async Task RehearseAsync(string path, CancellationToken cancellation)
    {
        try
        {
            // No site has an empty name: there is no such link.
            var change = new LinkChange { Bandwidth = new Bandwidth(1), RoundTrip = TimeSpan.Zero, Jitter = TimeSpan.Zero, Loss = 0, QueueBytes = 1 };
            _ = await AskAsync(path, new FibreOrder { Action = FibreAction.Set, A = string.Empty, B = string.Empty, Change = change }, cancellation);
            _ = await AskAsync(path, new FibreOrder { Action = FibreAction.Status }, cancellation);
        }
        catch (Exception exception) when (exception is IOException or OperationCanceledException)
        {
            // It took longer than a caller has, or is to end: orders are obeyed all the same, the first one late.
            return;
        }
    }

    private static async Task AnswerAsync(Socket caller, Func<FibreOrder, Task<FibreAnswer>> obey, CancellationToken cancellation)
    {
        var bytes = new byte[OrderBytesMax];
        var length = 0;
        while (length < bytes.Length && bytes.AsSpan(0, length).IndexOf((byte)'\n') < 0)
        {
            var read = await caller.ReceiveAsync(bytes.AsMemory(length), cancellation);
            if (read == 0)
            {
                return;
            }

            length += read;
        }

        FibreAnswer answer;
        try
        {
            var order = JsonSerializer.Deserialize<FibreOrder>(bytes.AsSpan(0, length), LaboratoryState.Json);
            answer = order is null ? new FibreAnswer { Problem = "That is no order." } : await obey(order);
        }
        catch (JsonException exception)
        {
            answer = new FibreAnswer { Problem = $"That is no order: {exception.Message}" };
        }

        await using var stream = new NetworkStream(caller);
        await stream.WriteAsync(Line(answer), cancellation);
    }

    private static byte[] Line<T>(T value) => Encoding.UTF8.GetBytes(JsonSerializer.Serialize(value, LaboratoryState.Json) + "\n");
}
