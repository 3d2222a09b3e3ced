using System.Collections.Immutable;
using Superfactory.Lab.Interop;
using Superfactory.Lab.Running;
using Superfactory.Lab.Topology;

namespace Superfactory.Lab.Fibre;

/// <summary>All links of a laboratory at work, and what may be asked of them. Safe for use by several threads.</summary>
internal sealed class FibreWork : IDisposable
{
    private readonly LaboratoryState _state;
    private readonly ImmutableArray<FibreLink> _links;
    private readonly FibreLoop _loop;
    private readonly Thread _thread;
    private volatile bool _isRealTime;

    private FibreWork(LaboratoryState state, ImmutableArray<FibreLink> links, TimeProvider time)
    {
        (_state, _links) = (state, links);
        _loop = new FibreLoop([.. links.SelectMany(static link => new[] { link.There, link.Back })], time);
        _thread = new Thread(Run) { Name = "fibre" };
    }

    /// <summary>Makes the devices in the sites' namespaces and begins to carry packets between them.</summary>
    /// <exception cref="AggregateException">A device could not be made.</exception>
    public static FibreWork Start(LaboratoryState state, TimeProvider time)
    {
        _ = WarmUp.Run();
        var links = ImmutableArray.CreateBuilder<FibreLink>();
        foreach (var link in state.Topology.Links)
        {
            var seed = unchecked((ulong)state.Topology.Seed * 0x9E3779B97F4A7C15) + (ulong)links.Count;
            links.Add(new FibreLink(link, Device(state, link, link.A), Device(state, link, link.B), seed));
        }

        var work = new FibreWork(state, links.ToImmutable(), time);
        work._thread.Start();
        return work;
    }

    /// <summary>Does what an order says.</summary>
    public async Task<FibreAnswer> ObeyAsync(FibreOrder order)
    {
        if (order.Action == FibreAction.Status)
        {
            return new FibreAnswer { Status = await StatusAsync() };
        }

        var link = _links.FirstOrDefault(known =>
            (known.Link.A == order.A && known.Link.B == order.B) || (known.Link.A == order.B && known.Link.B == order.A));
        if (link is null)
        {
            return new FibreAnswer { Problem = $"There is no link between '{order.A}' and '{order.B}'." };
        }

        var problem = await _loop.DoAsync(now => Carry(order, link, now));
        return problem is null ? new FibreAnswer { Status = await StatusAsync() } : new FibreAnswer { Problem = problem };
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _loop.End();
        _thread.Join();
        _loop.Dispose();
        foreach (var link in _links)
        {
            link.Dispose();
        }
    }

    private static TunDevice Device(LaboratoryState state, LabLink link, string site) =>
        NetworkNamespace.Inside(state.NamespaceOf(site), () => TunDevice.Create(LaboratoryState.DeviceOf(state.Topology, link, site)));

    private static string? Carry(FibreOrder order, FibreLink link, long now)
    {
        if (order.Action != FibreAction.Set)
        {
            link.Cut(order.Action == FibreAction.Cut);
            return null;
        }

        var changed = LinkRules.Apply(link.Link, order.A ?? link.Link.A, order.Change ?? new LinkChange());
        var problem = LinkRules.Check(changed);
        if (problem is null)
        {
            link.Become(now, changed);
        }

        return problem;
    }

    private void Run()
    {
        // Before ordinary processes, so that the programs under test do not delay the packets between them.
        _isRealTime = RealTime.Enter();
        _loop.Run();
    }

    private Task<LabStatus> StatusAsync() => _loop.DoAsync(now => new LabStatus
    {
        Name = _state.Topology.Name,
        Sites = [.. _state.Topology.Sites.Select(site => new SiteStatus { Name = site, Address = _state.AddressOf(site).ToString(), Namespace = _state.NamespaceOf(site) })],
        Links = [.. _links.Select(link => link.Status(now))],
        ClockSeconds = now / 1e9,
        FibreProcess = Environment.ProcessId,
        FibreProcessorSeconds = ProcessIdentity.Own.ProcessorSeconds,
        IsRealTime = _isRealTime,
    });
}
