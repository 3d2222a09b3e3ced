using System.Collections.Immutable;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Superfactory.Cli.Api;
using Superfactory.Cli.Bench.Merge;
using Superfactory.Cli.CommandLine;
using Superfactory.Cli.Factory;
using Superfactory.Cli.Lab;
using Superfactory.Lab.Running;
using Superfactory.Lab.Topology;
using Superfactory.Model;
using Superfactory.Model.Units;
using Superfactory.Site.Processes;

namespace Superfactory.Cli.Chaos;

/// <summary>
/// A control plane and sites, each a process; in the laboratory each in a network of its own, every two sites joined by a link and each
/// to the control plane by another. All of it is gone when this is disposed.
/// </summary>
internal sealed class ChaosStage : IAsyncDisposable
{
    /// <summary>The control plane's place in the laboratory, which is also what reports call it.</summary>
    public const string ControlPlace = "control";

    /// <summary>The link between two sites while nothing is wrong with it.</summary>
    public static readonly WanProfile Link = WanProfile.Parse("100mbit,20ms").Value!;

    private const int ControlPort = 7400;
    private const int GatewayPort = 7500;

    private readonly ChaosOptions _options;
    private readonly LocalFactoryOptions _factory;
    private readonly ProcessStarter _starter;
    private readonly Action<string> _violation;
    private readonly TimeProvider _time;
    private readonly string _listen;

    private ChaosStage(ChaosOptions options, LocalFactoryOptions factory, ProcessStarter starter, Laboratory? laboratory, Action<string> violation, TimeProvider time)
    {
        (_options, _factory, _starter, Laboratory, _violation, _time) = (options, factory, starter, laboratory, violation, time);
        _listen = laboratory is null ? FreeEndpoint() : $"{laboratory.AddressOf(ControlPlace)}:{ControlPort.ToString(CultureInfo.InvariantCulture)}";
        ControlPlane = new ChaosProcess("control plane", () => StartAsync(ControlPlace, "control plane", ["control", "--listen", _listen, "--state", factory.StateDirectory]), violation, time);
        Sites = factory.Sites.ToImmutableSortedDictionary(static site => site, site => new ChaosProcess($"site {site}", () => StartAsync(site, $"site {site}", ArgumentsOf(site)), violation, time));
        Control = laboratory is null ? new ControlClient(new Uri($"http://{_listen}")) : new ControlClient(new Uri($"http://{_listen}"), InsideOf(laboratory));
    }

    /// <summary>The laboratory; null on loopback.</summary>
    public Laboratory? Laboratory { get; }

    /// <summary>The control plane.</summary>
    public ChaosProcess ControlPlane { get; }

    /// <summary>The sites' agents by name.</summary>
    public ImmutableSortedDictionary<string, ChaosProcess> Sites { get; }

    /// <summary>Speaks to the control plane.</summary>
    public ControlClient Control { get; }

    /// <summary>Finds processes.</summary>
    public ChaosTargets Targets { get; } = new();

    /// <summary>The sites in the job's order.</summary>
    public ImmutableArray<string> Names => _factory.Sites;

    /// <summary>Puts everything up.</summary>
    /// <exception cref="BenchException">Something cannot be set up.</exception>
    public static async Task<ChaosStage> UpAsync(ChaosOptions options, string directory, Action<string> violation, TimeProvider time, CancellationToken cancellation)
    {
        var factory = new LocalFactoryOptions
        {
            Listen = "127.0.0.1:0",
            StateDirectory = Path.Combine(directory, "state"),
            DataDirectory = Path.Combine(directory, "corpora"),
            Sites = [.. LocalFactoryOptions.SiteNames.Take(options.Sites)],
            Wan = Link.ToString(),
        };
        var keeper = SystemTools.Find(SystemTools.Keeper) ?? throw new BenchException(SystemTools.Missing(SystemTools.Keeper), ExitCode.CannotReach);
        var laboratory = !options.Loopback && Laboratory.MayRun ? await RaiseAsync(factory.Sites, options.Seed, cancellation) : null;
        var stage = new ChaosStage(options, factory, new ProcessStarter(keeper, deathSignal: "TERM"), laboratory, violation, time);
        try
        {
            await stage.StartAsync(cancellation);
            return stage;
        }
        catch
        {
            await stage.DisposeAsync();
            throw;
        }
    }

    /// <summary>Ends the sites, then the control plane, then the laboratory.</summary>
    public async ValueTask DisposeAsync()
    {
        Control.Dispose();
        await Task.WhenAll(Sites.Values.Select(static site => site.DisposeAsync().AsTask()));
        await ControlPlane.DisposeAsync();
        _starter.Dispose();
        if (Laboratory is not null)
        {
            await Laboratory.DisposeAsync();
        }
    }

    private static async Task<Laboratory> RaiseAsync(ImmutableArray<string> sites, long seed, CancellationToken cancellation)
    {
        var wan = new LabDirection { Bandwidth = Link.Rate };
        var access = new LabDirection { Bandwidth = Link.Rate };
        ImmutableArray<LabLink> links =
        [
            .. from first in Enumerable.Range(0, sites.Length)
               from second in Enumerable.Range(first + 1, sites.Length - first - 1)
               select new LabLink { A = sites[first], B = sites[second], RoundTrip = Link.RoundTrip, There = wan, Back = wan },
            .. sites.Select(site => new LabLink { A = site, B = ControlPlace, RoundTrip = Link.RoundTrip, There = access, Back = access }),
        ];
        var up = await Laboratory.UpAsync(
            new LabTopology { Name = $"chaos-{Environment.ProcessId}", Sites = [.. sites, ControlPlace], Links = links, Seed = seed },
            new LaboratoryOptions { FibreCommand = LabCommand.Fibre, Environment = Self.Environment() }, cancellation);
        return up.Succeeded ? up.Value : throw new BenchException(up.Problems[0].ToString(), ExitCode.CannotReach);
    }

    private static string FreeEndpoint()
    {
        // It must be the same one when the control plane comes back, so that port 0 does not do.
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return listener.LocalEndpoint.ToString()!;
    }

    /// <summary>Makes connections from the control plane's own network, since nothing joins it to this machine's.</summary>
    private static SocketsHttpHandler InsideOf(Laboratory laboratory) => new()
    {
        UseProxy = false,
        ConnectTimeout = TimeSpan.FromSeconds(5),
        ConnectCallback = async (context, cancellation) =>
        {
            var socket = laboratory.Inside(ControlPlace, static () => new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true });
            try
            {
                await socket.ConnectAsync(context.DnsEndPoint.Host, context.DnsEndPoint.Port, cancellation);
                return new NetworkStream(socket, ownsSocket: true);
            }
            catch
            {
                socket.Dispose();
                throw;
            }
        },
    };

    private async Task StartAsync(CancellationToken cancellation)
    {
        if (ThrowAwayFleet.Issue(_factory, _time) is { } problem)
        {
            throw new BenchException(problem.ToString(), ExitCode.CannotReach);
        }

        Directory.CreateDirectory(LogsOf(_factory));
        Require(await ControlPlane.StartAsync(cancellation));
        foreach (var ready in await Task.WhenAll(Sites.Values.Select(site => site.StartAsync(cancellation))))
        {
            Require(ready);
        }
    }

    private static void Require(Answer<string> ready)
    {
        if (!ready.Succeeded)
        {
            throw new BenchException(ready.Problems[0].ToString(), ExitCode.CannotReach);
        }
    }

    private Task<FactoryProcess> StartAsync(string place, string name, ImmutableArray<string> arguments) => FactoryProcess.StartAsync(
        _starter, name, Path.Combine(LogsOf(_factory), $"{place}.log"), arguments, Laboratory is null ? [] : [.. Laboratory.Enter(place)], Self.Environment().Add(Targets.Mark.Key, Targets.Mark.Value));

    private static string LogsOf(LocalFactoryOptions factory) => Path.Combine(Path.GetDirectoryName(factory.StateDirectory)!, "logs");

    private ImmutableArray<string> ArgumentsOf(string site)
    {
        ImmutableArray<string> place = Laboratory is null
            ? ["--wan", _factory.Wan]
            : ["--listen", $"{Laboratory.AddressOf(site)}:{GatewayPort.ToString(CultureInfo.InvariantCulture)}"];
        return
        [
            "site", "--name", site, "--control", $"http://{_listen}", "--state", _factory.StateDirectory, "--data", _factory.DataDirectory,
            .. place, .. ThrowAwayFleet.Arguments(_factory, site), "--cores", "1",
        ];
    }
}
