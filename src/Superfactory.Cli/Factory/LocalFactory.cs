using System.Collections.Immutable;
using System.Globalization;
using Superfactory.Cli.Api;
using Superfactory.Cli.CommandLine;
using Superfactory.Model;
using Superfactory.Site.Processes;

namespace Superfactory.Cli.Factory;

/// <summary>
/// A control plane and its sites, each a process of this machine that is started again when it dies. The processes end with this one,
/// however it ends: their parent's death is signalled to them by the kernel. Not safe for use by several threads.
/// </summary>
internal sealed class LocalFactory : IAsyncDisposable
{
    /// <summary>How long a site may take to stop its gangs and end; each of its processes has less.</summary>
    private static readonly TimeSpan _siteStopLimit = TimeSpan.FromSeconds(15);

    /// <summary>How long the control plane may take to close its journal.</summary>
    private static readonly TimeSpan _controlStopLimit = TimeSpan.FromSeconds(10);

    private readonly ProcessStarter _starter;
    private readonly TimeProvider _time;
    private readonly CancellationTokenSource _stopping = new();
    private readonly List<KeptProcess> _sites = [];
    private KeptProcess? _control;
    private Task<KeptProcess>[] _keeping = [];

    private LocalFactory(ProcessStarter starter, TimeProvider time) => (_starter, _time) = (starter, time);

    /// <summary>Speaks to the control plane.</summary>
    public ControlClient Control { get; private set; } = null!;

    private IEnumerable<KeptProcess> Processes => _control is null ? _sites : _sites.Prepend(_control);

    /// <summary>Starts everything and waits until the control plane knows every site. Where something fails, everything is stopped again.</summary>
    public static async Task<Answer<LocalFactory>> StartAsync(LocalFactoryOptions options, TimeProvider time, CancellationToken cancellation)
    {
        if (SystemTools.Find(SystemTools.Keeper) is not { } keeper)
        {
            return Answer<LocalFactory>.Unreachable(new Problem($"The program '{SystemTools.Keeper}' was not found.", Hint: "Install the package 'util-linux'."));
        }

        var factory = new LocalFactory(new ProcessStarter(keeper, deathSignal: "TERM"), time);
        try
        {
            if (await factory.StartProcessesAsync(options, cancellation) is not { } failed)
            {
                return Answer<LocalFactory>.Of(factory);
            }

            await factory.DisposeAsync();
            return failed.ExitCode == ExitCode.BadInput ? Answer<LocalFactory>.Refused(failed.Problems) : Answer<LocalFactory>.Unreachable(failed.Problems[0]);
        }
        catch
        {
            await factory.DisposeAsync();
            throw;
        }
    }

    /// <summary>
    /// Starts processes again that end unasked, and tells <paramref name="say"/>; ends with the first that cannot be kept running. Called once.
    /// </summary>
    public async Task<KeptProcess> KeepAsync(Action<string> say)
    {
        _keeping = [.. Processes.Select(process => process.KeepAsync(say, _time, _stopping.Token))];
        return await await Task.WhenAny(_keeping);
    }

    /// <summary>Stops the sites, then the control plane, and waits until all have ended.</summary>
    public async ValueTask DisposeAsync()
    {
        // First nobody starts anything any more; how each keeping ended is of no interest then.
        await _stopping.CancelAsync();
        await Task.WhenAll(_keeping.Select(static keeping => Task.WhenAny(keeping)));
        Control?.Dispose();
        await Task.WhenAll(_sites.Select(site => site.StopAsync(_siteStopLimit, _time)));
        if (_control is not null)
        {
            await _control.StopAsync(_controlStopLimit, _time);
        }

        foreach (var process in Processes)
        {
            process.Dispose();
        }

        _sites.Clear();
        _control = null;
        _starter.Dispose();
        _stopping.Dispose();
    }

    /// <summary>Starts the processes; returns the answer of the one that failed, or null.</summary>
    private async Task<Answer<string>?> StartProcessesAsync(LocalFactoryOptions options, CancellationToken cancellation)
    {
        if (options.InsecureWan is false && ThrowAwayFleet.Issue(options, _time) is { } unissued)
        {
            return Answer<string>.Unreachable(unissued);
        }

        var logs = Path.Combine(options.StateDirectory, "logs");
        Directory.CreateDirectory(logs);
        _control = new KeptProcess(_starter, "control plane", Path.Combine(logs, "control.log"));
        await _control.StartAsync(["control", "--listen", options.Listen, "--state", options.StateDirectory]);
        var endpoint = await _control.WaitReadyAsync(_time, cancellation);
        if (!endpoint.Succeeded)
        {
            return endpoint;
        }

        var address = endpoint.Value.StartsWith("http", StringComparison.Ordinal) ? endpoint.Value : $"http://{endpoint.Value}";
        Control = new ControlClient(new Uri(address));

        // Started again, it must be where the sites and the users look for it.
        _control.Arguments = ["control", "--listen", Control.Address.Authority, "--state", options.StateDirectory];
        foreach (var site in options.Sites)
        {
            var process = new KeptProcess(_starter, $"site {site}", Path.Combine(logs, $"{site}.log"));
            _sites.Add(process);
            await process.StartAsync(Arguments(options, site, address));
        }

        foreach (var site in _sites)
        {
            var ready = await site.WaitReadyAsync(_time, cancellation);
            if (!ready.Succeeded)
            {
                return ready;
            }
        }

        return null;
    }

    private static ImmutableArray<string> Arguments(LocalFactoryOptions options, string site, string control) =>
    [
        "site", "--name", site, "--control", control,
        "--state", options.StateDirectory, "--data", options.DataDirectory, "--wan", options.Wan,
        .. ThrowAwayFleet.Arguments(options, site),
        "--slots", options.Slots.ToString(CultureInfo.InvariantCulture), "--cores", options.CoresPerSite.ToString(CultureInfo.InvariantCulture),
    ];
}
