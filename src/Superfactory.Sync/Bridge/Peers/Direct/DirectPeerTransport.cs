using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Threading.Channels;
using Superfactory.Wan;

namespace Superfactory.Sync.Bridge.Peers.Direct;

/// <summary>
/// Bridges of one machine that speak to each other over loopback TCP, without gateways. Of two islands the one whose name sorts
/// later dials the other, again and again while the connection is gone.
/// </summary>
internal sealed class DirectPeerTransport : IPeerTransport
{
    /// <summary>Events that may wait: messages are bounded by <see cref="DirectBuffers.BuffersMax"/> for each of at most 63 peers, and each peer comes and goes.</summary>
    private const int EventsMax = 2048;

    private const int CallersMax = 64;

    /// <summary>What the system keeps of a connection each way: several chunks, and little enough to stay in a processor's cache.</summary>
    private const int SocketBufferBytes = 1 << 20;

    private static readonly TimeSpan s_dialInterval = TimeSpan.FromMilliseconds(20);

    /// <summary>
    /// How often the system asks again for a connection: once, within 3 seconds in all. The system of a paused bridge answers for it until
    /// that has too many callers, and then nobody does.
    /// </summary>
    private const int ConnectRepeatsMax = 1;

    private const int Tcp = 6;
    private const int ConnectRepeats = 7;

    private readonly string _directory;
    private readonly string _self;
    private readonly TimeProvider _time;
    private readonly Socket _listener;
    private readonly ConcurrentDictionary<string, DirectConnection> _connections = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<Task, bool> _running = new();
    private readonly CancellationTokenSource _stopping = new();
    private readonly DirectPulse _pulse;
    private int _disposed;

    // Whoever waits for events goes on at once, on the thread that read the message: its bytes are still in that processor's cache.
    private readonly Channel<PeerEvent> _events = Channel.CreateBounded<PeerEvent>(
        new BoundedChannelOptions(EventsMax) { SingleReader = true, AllowSynchronousContinuations = true });

    private DirectPeerTransport(string directory, string self, TimeProvider time, Socket listener)
    {
        (_directory, _self, _time, _listener, _pulse) = (directory, self, time, listener, new DirectPulse(time));
        Start(AcceptAsync);
    }

    /// <summary>Begins to listen, and leaves the address for others.</summary>
    /// <param name="peers">Where bridges find each other.</param>
    /// <param name="island">This island.</param>
    /// <param name="time">Its clock.</param>
    /// <exception cref="PeerTransportException">There is no loopback, or the directory cannot be written.</exception>
    public static DirectPeerTransport Listen(DirectPeers peers, string island, TimeProvider time)
    {
        var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            Prepare(listener);
            listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
            listener.Listen(CallersMax);
            DirectRendezvous.Announce(peers.Directory, island, (IPEndPoint)listener.LocalEndPoint!);
            return new DirectPeerTransport(peers.Directory, island, time, listener);
        }
        catch (Exception error) when (error is SocketException or IOException or UnauthorizedAccessException)
        {
            listener.Dispose();
            throw new PeerTransportException($"The bridge of {island} cannot be reached by others on this machine: {error.Message}", error);
        }
    }

    /// <inheritdoc/>
    public ValueTask WatchAsync(string island, CancellationToken cancellationToken)
    {
        if (string.CompareOrdinal(_self, island) > 0)
        {
            Start(() => DialAsync(island));
        }

        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public ValueTask<bool> SendAsync(
        string island, MessageOrder order, ReadOnlyMemory<byte> header, ReadOnlyMemory<byte> payload, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return _connections.TryGetValue(island, out var connection) ? connection.SendAsync(header, payload) : ValueTask.FromResult(false);
    }

    /// <inheritdoc/>
    public IAsyncEnumerable<PeerEvent> ReadEventsAsync(CancellationToken cancellationToken) => _events.Reader.ReadAllAsync(cancellationToken);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
        {
            return;
        }

        await _stopping.CancelAsync();
        _listener.Dispose();
        _events.Writer.TryComplete();
        await Task.WhenAll(_running.Keys);
        _pulse.Dispose();
        _stopping.Dispose();
    }

    /// <summary>
    /// Before a socket connects or listens. Loopback needs no pacing, and a connection that began with what paces (BBR) goes on pacing
    /// under another: each burst then costs a timer.
    /// </summary>
    private static void Prepare(Socket socket)
    {
        const int CongestionControl = 13;
        socket.NoDelay = true;
        socket.SendBufferSize = SocketBufferBytes;
        socket.ReceiveBufferSize = SocketBufferBytes;
        try
        {
            socket.SetRawSocketOption(Tcp, CongestionControl, Encoding.ASCII.GetBytes("cubic"));
        }
        catch (SocketException)
        {
            // A kernel without it has another one that does.
            return;
        }
    }

    private void Start(Func<Task> work)
    {
        var task = Task.Run(work);
        _running[task] = true;
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                var socket = await _listener.AcceptAsync(_stopping.Token);
                _ = StartThread(() => Serve(socket, expected: null));
            }
        }
        catch (Exception error) when (error is SocketException or ObjectDisposedException or OperationCanceledException)
        {
            // The transport ends.
            return;
        }
    }

    private async Task DialAsync(string island)
    {
        try
        {
            while (!_stopping.IsCancellationRequested)
            {
                await StartThread(() => Serve(Connect(island), island));

                await Task.Delay(s_dialInterval, _time, _stopping.Token);
            }
        }
        catch (OperationCanceledException)
        {
            // The transport ends.
            return;
        }
    }

    private Socket? Connect(string island)
    {
        if (DirectRendezvous.Find(_directory, island) is not { } endpoint)
        {
            return null;
        }

        // Waits in the system: .NET would watch a socket that was ever waited for otherwise, and wake a thread for all that arrives on it.
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            Prepare(socket);
            socket.SetRawSocketOption(Tcp, ConnectRepeats, BitConverter.GetBytes(ConnectRepeatsMax));
            socket.Connect(endpoint);
            return socket;
        }
        catch (SocketException)
        {
            // Nobody listens there any more, or not yet, or nobody takes callers.
            socket.Dispose();
            return null;
        }
    }

    /// <summary>Runs work on a thread of its own. What fails there is told to whoever reads events, and to whoever ends the transport.</summary>
    private async Task StartThread(Action work)
    {
        var task = Task.Factory.StartNew(work, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        _running[task] = true;
        try
        {
            await task;
        }
        catch (Exception error)
        {
            _events.Writer.TryComplete(error);
            throw;
        }

        _running.TryRemove(task, out _);
    }

    /// <summary>A connection from its greeting to its end.</summary>
    private void Serve(Socket? socket, string? expected)
    {
        if (socket is null)
        {
            return;
        }

        using var connection = new DirectConnection(socket);
        ProcessorShare.Take(odd: expected is not null);
        _pulse.Add(connection);
        try
        {
            Serve(connection, expected);
        }
        finally
        {
            _pulse.Remove(connection);
        }
    }

    private void Serve(DirectConnection connection, string? expected)
    {
        using var ending = _stopping.Token.UnsafeRegister(static closing => ((DirectConnection)closing!).Close(), connection);
        if (!connection.TryGreet(_self) || connection.Island is not { } island || (expected is not null && expected != island)
            || !_connections.TryAdd(island, connection))
        {
            Report(connection);
            return;
        }

        Post(new PeerEvent.Up(island));
        connection.Run((message, release) => Post(new PeerEvent.Delivered(island, message, release)));
        _connections.TryRemove(island, out _);
        Report(connection);
        Post(new PeerEvent.Down(island));
    }

    private void Report(DirectConnection connection)
    {
        if (connection.Fault is { } fault)
        {
            Post(new PeerEvent.Refused(connection.Island, fault));
        }
    }

    /// <summary>Waits where the bridge is behind.</summary>
    private void Post(PeerEvent happened)
    {
        while (!_events.Writer.TryWrite(happened))
        {
            if (!_events.Writer.WaitToWriteAsync().AsTask().GetAwaiter().GetResult())
            {
                return;
            }
        }
    }
}
