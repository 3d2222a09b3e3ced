using System.Collections.Immutable;
using System.Diagnostics;
using System.Net.Sockets;
using System.Text.Json;
using Superfactory.Model;
using Superfactory.Model.Agents;
using Superfactory.Model.Wan;
using Superfactory.Site.Agents;
using Superfactory.Site.Gangs;
using Superfactory.Site.Interop;
using Superfactory.Site.Processes;

namespace Superfactory.Site.Gateways;

/// <summary>
/// The agent's side of its gateway process: takes over the one that an agent before it left, or starts one, starts it again where it ends unasked, and
/// keeps what it was told. Thread-safe.
/// </summary>
internal sealed class SiteGateway : ISiteNetwork, IAsyncDisposable
{
    /// <summary>The longest state: the links of a fleet of a thousand sites.</summary>
    private const int StateCharactersMax = 16 * 1024 * 1024;

    private const int ErrorCharactersMax = 4096;

    /// <summary>How long a gateway may take to be ready on a busy machine.</summary>
    private static readonly TimeSpan _readyLimit = TimeSpan.FromSeconds(30);

    /// <summary>How long one may take to end in good order.</summary>
    private static readonly TimeSpan _stopLimit = TimeSpan.FromSeconds(5);

    /// <summary>Time between two starts of a gateway that ends again and again.</summary>
    private static readonly TimeSpan _restartPause = TimeSpan.FromSeconds(1);

    private readonly GatewayFiles _files;
    private readonly SelfCommand _self;
    private readonly Action<string> _say;
    private readonly TimeProvider _clock;
    private readonly CancellationTokenSource _stopping = new();
    private readonly SemaphoreSlim _writing = new(1, 1);
    private readonly Lock _lock = new();
    private GatewayConfiguration _configuration;
    private GatewayOrder _orders = new();
    private volatile GatewayState? _state;
    private TaskCompletionSource _heard = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private NetworkStream? _stream;
    private Task _reading = Task.CompletedTask;
    private Task _keeping = Task.CompletedTask;

    private SiteGateway(GatewayFiles files, GatewayConfiguration configuration, SelfCommand self, Action<string> say, TimeProvider clock) =>
        (_files, _configuration, _self, _say, _clock) = (files, configuration, self, say, clock);

    /// <summary>Where it listens for other sites.</summary>
    public string Endpoint => _state!.Endpoint;

    /// <inheritdoc/>
    public long CallersRefused => _state!.CallersRefused;

    /// <summary>Takes over the gateway that is there, or starts one.</summary>
    /// <returns>It, or why there is none: a port in use, certificates that cannot be read.</returns>
    public static async Task<Outcome<SiteGateway>> OpenAsync(
        GatewayFiles files, GatewayConfiguration configuration, SelfCommand self, Action<string> say, TimeProvider clock, CancellationToken cancellationToken)
    {
        var gateway = new SiteGateway(files, configuration, self, say, clock);
        var problem = files.IsRunning(configuration) && await gateway.ConnectAsync(cancellationToken) ? null : await gateway.StartAsync(cancellationToken);
        if (problem is not null)
        {
            await gateway.DisposeAsync();
            return new([problem]);
        }

        // Started again it is where the other sites know it to be.
        gateway._configuration = configuration with { Site = configuration.Site with { GatewayListen = gateway.Endpoint } };
        gateway._keeping = gateway.KeepAsync();
        return new(gateway);
    }

    /// <inheritdoc/>
    public void SetPeers(ImmutableArray<PeerGateway> peers) => Order(new GatewayOrder { Peers = peers });

    /// <inheritdoc/>
    public void SetRoutes(ImmutableArray<WanRoute> routes) => Order(new GatewayOrder { Routes = routes });

    /// <inheritdoc/>
    public ImmutableArray<LinkReport> LinkReports() => _state!.Links;

    /// <summary>Ends the gateway.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _keeping;
        await WriteAsync(new GatewayOrder { Stop = true });
        await _files.EndAsync(_stopLimit, _clock);
        _stream?.Dispose();
        await _reading;
        _stopping.Dispose();
    }

    private void Order(GatewayOrder order)
    {
        lock (_lock)
        {
            _orders = new GatewayOrder { Peers = order.Peers ?? _orders.Peers, Routes = order.Routes ?? _orders.Routes };
        }

        _ = WriteAsync(order);
    }

    /// <summary>Tells the gateway something; one that is gone is told when it is back.</summary>
    private async Task WriteAsync(GatewayOrder order)
    {
        await _writing.WaitAsync();
        try
        {
            if (_stream is { } stream)
            {
                await stream.WriteAsync((byte[])[.. JsonSerializer.SerializeToUtf8Bytes(order, FactoryJson.Options), (byte)'\n']);
            }
        }
        catch (Exception error) when (error is IOException or ObjectDisposedException)
        {
            // It is told everything when it is back.
            return;
        }
        finally
        {
            _writing.Release();
        }
    }

    private async Task KeepAsync()
    {
        try
        {
            while (true)
            {
                await _reading.WaitAsync(_stopping.Token);
                _say("the gateway ended and is started again");
                while (await StartAsync(_stopping.Token) is { } problem)
                {
                    _say($"the gateway cannot be started: {problem}");
                    await Task.Delay(_restartPause, _clock, _stopping.Token);
                }
            }
        }
        catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
        {
            // The agent ends.
            return;
        }
    }

    private async Task<Problem?> StartAsync(CancellationToken cancellationToken)
    {
        await _files.EndAsync(TimeSpan.Zero, _clock);
        RuntimeDirectories.Make(_files.RuntimeDirectory);
        File.WriteAllBytes(_files.Configuration, _configuration.ToBytes());
        var plan = new ProcessPlan
        {
            // A session of its own: neither the terminal's Ctrl-C nor the agent's death ends it.
            Command = [SystemTools.SessionMaker, _self.Program, .. _self.Arguments, "gateway", "--config", _files.Configuration],
            WorkingDirectory = Path.GetDirectoryName(_files.Configuration)!,
        };
        var process = new ChildProcess(Process.Start(plan.ToStartInfo()) ?? throw new InvalidOperationException("The system started nothing for the gateway."));
        _files.Save(new SupervisorMark(process.Id, process.StartTicks), _configuration);
        var ready = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var errors = new LastLines();
        process.ReadOutput(ErrorCharactersMax, line =>
        {
            if (line.StartsWith(GatewayProgram.Ready, StringComparison.Ordinal))
            {
                ready.TrySetResult();
            }
        });
        process.ReadErrors(ErrorCharactersMax, errors.Add);
        var ended = EndAsync(process);
        await Task.WhenAny(ready.Task, ended, Task.Delay(_readyLimit, _clock, cancellationToken));
        cancellationToken.ThrowIfCancellationRequested();
        return ready.Task.IsCompleted && await ConnectAsync(cancellationToken) ? null
            : new Problem(ended.IsCompleted ? errors.ToString() : $"The gateway was not ready within {_readyLimit.TotalSeconds:0} s.");
    }

    /// <summary>Follows what it writes to its end: a stream that is being read must not be closed.</summary>
    private static async Task EndAsync(ChildProcess process)
    {
        await process.WaitAsync(TimeSpan.FromSeconds(1));
        process.Dispose();
    }

    /// <summary>Connects, and waits for its first word.</summary>
    private async Task<bool> ConnectAsync(CancellationToken cancellationToken)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(_files.ControlSocket), cancellationToken);
        }
        catch (SocketException)
        {
            socket.Dispose();
            return false;
        }

        var stream = new NetworkStream(socket, ownsSocket: true);
        _heard = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _reading = LinePump.Start(stream, StateCharactersMax, Hear);
        _stream = stream;
        GatewayOrder orders;
        lock (_lock)
        {
            orders = _orders;
        }

        await WriteAsync(orders);
        return await Task.WhenAny(_heard.Task, _reading, Task.Delay(_readyLimit, _clock, cancellationToken)) == _heard.Task;
    }

    private void Hear(string line)
    {
        var state = JsonSerializer.Deserialize<GatewayState>(line, FactoryJson.Options)!;
        _state = state;
        foreach (var notice in state.Notices)
        {
            _say(notice);
        }

        _heard.TrySetResult();
    }
}
