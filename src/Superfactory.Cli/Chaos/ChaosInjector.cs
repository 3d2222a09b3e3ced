using System.Collections.Immutable;
using System.Diagnostics;
using Superfactory.Cli.CommandLine;
using Superfactory.Lab.Topology;
using Superfactory.Model;
using Superfactory.Model.Units;
using Superfactory.Site.Interop;

namespace Superfactory.Cli.Chaos;

/// <summary>What was done, to whom, and when.</summary>
/// <param name="Kind">What.</param>
/// <param name="Target">To whom.</param>
/// <param name="At">When, in milliseconds of the machine's monotonic clock.</param>
internal sealed record InjectedFault(ChaosKind Kind, string Target, double At);

/// <summary>Does to a stage what was planned, and undoes it. Not thread-safe.</summary>
internal sealed class ChaosInjector(ChaosStage stage, Terminal terminal, Action<string> violation)
{
    /// <summary>How long a target that is not there is waited for before its fault is left out.</summary>
    private static readonly TimeSpan _targetLimit = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan _lookAgain = TimeSpan.FromMilliseconds(100);

    private static readonly LinkChange _degraded = new() { Bandwidth = WanProfile.Parse("2mbit,20ms").Value!.Rate, RoundTrip = TimeSpan.FromMilliseconds(80), Loss = 0.01 };

    private static readonly LinkChange _whole = new() { Bandwidth = ChaosStage.Link.Rate, RoundTrip = ChaosStage.Link.RoundTrip, Loss = 0 };

    private readonly List<Task> _undoing = [];

    /// <summary>The machine's monotonic clock, as the trainers read it, in milliseconds.</summary>
    public static double Now => Stopwatch.GetTimestamp() * 1000.0 / Stopwatch.Frequency;

    /// <summary>Does one fault; what it undoes later it does by itself.</summary>
    /// <returns>What was done; null where nobody was there to do it to.</returns>
    public async Task<InjectedFault?> InjectAsync(PlannedFault fault, CancellationToken cancellation)
    {
        var began = terminal.Time.GetTimestamp();
        do
        {
            // Sites in the drawn order: one that lost its bridge a moment ago is passed over.
            for (var each = 0; each < stage.Names.Length; each++)
            {
                var site = stage.Names[(fault.Choice + each) % stage.Names.Length];
                var at = Now;
                if (await DoAsync(fault, site, cancellation) is { } target)
                {
                    return new InjectedFault(fault.Kind, target, at);
                }
            }

            await Task.Delay(_lookAgain, terminal.Time, cancellation);
        }
        while (terminal.Time.GetElapsedTime(began) < _targetLimit);
        return null;
    }

    /// <summary>Waits until everything is undone.</summary>
    public Task UndoAsync() => Task.WhenAll(_undoing);

    /// <summary>Does it, where its target is there.</summary>
    private async Task<string?> DoAsync(PlannedFault fault, string site, CancellationToken cancellation)
    {
        switch (fault.Kind)
        {
            case ChaosKind.KillIsland:
                return stage.Targets.Island(site) is { Length: > 2 } killed && KillAll(killed) ? site : null;
            case ChaosKind.PauseIsland:
                return stage.Targets.Island(site) is { Length: > 2 } paused && PauseAll(paused, fault.Length) ? site : null;
            case ChaosKind.KillTrainer:
                return Native.Signal(stage.Targets.Trainer(site), Native.SignalKill) ? site : null;
            case ChaosKind.PauseTrainer:
                return Pause(stage.Targets.Trainer(site), fault.Length) ? site : null;
            case ChaosKind.KillBridge:
                return Native.Signal(stage.Targets.Bridge(site), Native.SignalKill) ? site : null;
            case ChaosKind.PauseBridge:
                return Pause(stage.Targets.Bridge(site), fault.Length) ? site : null;
            case ChaosKind.KillAgent:
                return stage.Sites[site].Kill(fault.Length) ? site : null;
            case ChaosKind.PauseAgent:
                return Pause(stage.Sites[site].Id, fault.Length) ? site : null;
            case ChaosKind.KillControl:
                return stage.ControlPlane.Kill(fault.Length) ? ChaosStage.ControlPlace : null;
            case ChaosKind.PauseControl:
                return Pause(stage.ControlPlane.Id, fault.Length) ? ChaosStage.ControlPlace : null;
            case ChaosKind.CutSite:
                return await CutSiteAsync(site, fault.Length, cancellation);
            default:
                return await ChangeLinkAsync(fault, site, cancellation);
        }
    }

    private static bool KillAll(ImmutableArray<int> processes)
    {
        var killed = false;
        foreach (var process in processes)
        {
            killed |= Native.Signal(process, Native.SignalKill);
        }

        return killed;
    }

    private bool PauseAll(ImmutableArray<int> processes, TimeSpan length)
    {
        var paused = false;
        foreach (var process in processes)
        {
            paused |= Pause(process, length);
        }

        return paused;
    }

    private bool Pause(int process, TimeSpan length)
    {
        if (!Native.Signal(process, Native.SignalStop))
        {
            return false;
        }

        _undoing.Add(UndoAfterAsync(length, () =>
        {
            // One that was killed meanwhile needs no more.
            Native.Signal(process, Native.SignalContinue);
            return Task.CompletedTask;
        }));
        return true;
    }

    /// <summary>Changes the link between a site and the one after it; every fourth time that between it and the control plane.</summary>
    private async Task<string?> ChangeLinkAsync(PlannedFault fault, string site, CancellationToken cancellation)
    {
        var laboratory = stage.Laboratory!;
        var next = stage.Names[(stage.Names.IndexOf(site) + 1) % stage.Names.Length];
        var (from, to) = fault.Choice / stage.Names.Length % 4 == 0 ? (site, ChaosStage.ControlPlace) : laboratory.Topology.Find(site, next)!.A == site ? (site, next) : (next, site);
        var cut = fault.Kind == ChaosKind.CutLink;
        Require(cut ? await laboratory.CutAsync(from, to, cancellation) : await laboratory.SetAsync(from, to, _degraded, cancellation));
        _undoing.Add(UndoAfterAsync(fault.Length, async () => Require(cut ? await laboratory.RestoreAsync(from, to) : await laboratory.SetAsync(from, to, _whole))));
        return $"{from}-{to}";
    }

    private async Task<string?> CutSiteAsync(string site, TimeSpan length, CancellationToken cancellation)
    {
        var laboratory = stage.Laboratory!;
        var links = laboratory.Topology.Links.Where(link => link.A == site || link.B == site).ToList();
        foreach (var link in links)
        {
            Require(await laboratory.CutAsync(link.A, link.B, cancellation));
        }

        _undoing.Add(UndoAfterAsync(length, async () =>
        {
            foreach (var link in links)
            {
                Require(await laboratory.RestoreAsync(link.A, link.B));
            }
        }));
        return site;
    }

    private async Task UndoAfterAsync(TimeSpan length, Func<Task> undo)
    {
        await Task.Delay(length, terminal.Time);
        await undo();
    }

    private void Require<T>(Outcome<T> done)
        where T : class
    {
        if (!done.Succeeded)
        {
            violation($"The laboratory did not do what it was told: {done.Problems[0]}");
        }
    }
}
