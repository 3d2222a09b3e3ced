using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using Superfactory.Lab.Fibre;
using Superfactory.Lab.Interop;
using Superfactory.Lab.Topology;
using Superfactory.Model;

namespace Superfactory.Lab.Running;

/// <summary>
/// A laboratory that is up: a network namespace for each site, and a program that carries packets between them as the links say. Needs root.
/// Safe for use by several threads.
/// </summary>
public sealed class Laboratory : IAsyncDisposable
{
    private readonly string _directory;
    private readonly LaboratoryState _state;
    private readonly FibreProcess? _fibre;

    internal Laboratory(string directory, LaboratoryState state, FibreProcess? fibre, ImmutableArray<string> notices) =>
        (_directory, _state, _fibre, Notices) = (directory, state, fibre, notices);

    /// <summary>Whether this process may set up and take down laboratories: whether it is root's.</summary>
    public static bool MayRun => Native.IsRoot;

    /// <summary>Its name.</summary>
    public string Name => _state.Topology.Name;

    /// <summary>What it was set up as; <see cref="StatusAsync"/> tells what its links are now.</summary>
    public LabTopology Topology => _state.Topology;

    /// <summary>What a user should know of its coming up, such as that leftovers of an earlier run were removed; sentences.</summary>
    public ImmutableArray<string> Notices { get; }

    /// <summary>Whether the process that carries its packets runs.</summary>
    public bool IsCarrying => _state.Fibre?.IsAlive == true;

    /// <summary>
    /// Sets a laboratory up. Leftovers of an earlier one of the same name, whose processes have ended, are removed and told in <see cref="Notices"/>.
    /// When anything goes wrong, or on cancellation, everything that was made is removed again.
    /// </summary>
    /// <returns>The laboratory, or why there is none: no root, a tool that is missing, a laboratory of this name that is up.</returns>
    public static Task<Outcome<Laboratory>> UpAsync(LabTopology topology, LaboratoryOptions options, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(topology);
        ArgumentNullException.ThrowIfNull(options);
        return Raising.UpAsync(topology, options, TimeProvider.System, cancellation);
    }

    /// <summary>A laboratory that is up; it lives on when the result is disposed of.</summary>
    /// <param name="name">Its name; null for the only one that there is.</param>
    /// <param name="directory">Where what is known of laboratories is kept.</param>
    public static Outcome<Laboratory> Open(string? name = null, string directory = LaboratoryOptions.DefaultDirectory) => Lookup.Open(name, directory);

    /// <summary>The names of the laboratories that are up or were left behind, in ordinal order.</summary>
    public static ImmutableArray<string> Names(string directory = LaboratoryOptions.DefaultDirectory) => Lookup.Names(directory);

    /// <summary>Which laboratories were left behind, other than one; sentences for people.</summary>
    /// <param name="except">The one that is passed over; null for none.</param>
    /// <param name="directory">Where what is known of laboratories is kept.</param>
    public static ImmutableArray<string> LeftBehind(string? except = null, string directory = LaboratoryOptions.DefaultDirectory) => Leftovers.Tell(directory, except);

    /// <summary>
    /// Removes laboratories that were to go with the process that set them up, and stayed because that and the program that carries their packets were
    /// killed. Needs root.
    /// </summary>
    /// <param name="except">The one that is passed over; null for none.</param>
    /// <param name="directory">Where what is known of laboratories is kept.</param>
    /// <returns>What was removed, in sentences, and what could not be removed.</returns>
    public static Task<(ImmutableArray<string> Notices, ImmutableArray<Problem> Problems)> RemoveLeftBehindAsync(
        string? except = null, string directory = LaboratoryOptions.DefaultDirectory) => Leftovers.RemoveAsync(directory, except, TimeProvider.System);

    /// <summary>A site's address: one each, reachable from every site, over the direct link where there is one.</summary>
    /// <exception cref="ArgumentException">There is no such site.</exception>
    public IPAddress AddressOf(string site) => _state.AddressOf(Known(site));

    /// <summary>A site's network namespace by its name, which is also the name of its file in <c>/run/netns</c>.</summary>
    /// <exception cref="ArgumentException">There is no such site.</exception>
    public string NamespaceOf(string site) => _state.NamespaceOf(Known(site));

    /// <summary>What is to be put before a program and its arguments so that it runs inside a site. Files and local sockets stay those of the machine.</summary>
    /// <exception cref="ArgumentException">There is no such site.</exception>
    public IReadOnlyList<string> Enter(string site) =>
        [SystemTool.Find(SystemTool.Nsenter) ?? SystemTool.Nsenter, $"--net={NetworkNamespace.PathOf(NamespaceOf(site))}", "--"];

    /// <summary>
    /// Does something inside a site's network, such as making a socket, which belongs to that network from then on. It is done on a thread of its own
    /// while the caller's waits.
    /// </summary>
    /// <exception cref="ArgumentException">There is no such site.</exception>
    /// <exception cref="AggregateException">What was done failed, or the namespace could not be entered.</exception>
    public T Inside<T>(string site, Func<T> action) => NetworkNamespace.Inside(NamespaceOf(site), action);

    /// <summary>
    /// Turns this process into another program that runs inside a site and knows the sites by name; returns only where that cannot be done.
    /// </summary>
    /// <returns>What is wrong: no such site or program, or no root.</returns>
    public Problem Become(string site, IReadOnlyList<string> command) =>
        Topology.Sites.Contains(site) ? Exchange.Become(NamespaceOf(site), LaboratoryState.HostsOf(_directory, Name), command) : NoSite(site);

    /// <summary>Cuts a link: what is on it and what enters it is lost, both ways. Routes stay as they are. Done when this returns.</summary>
    public Task<Outcome<LabStatus>> CutAsync(string a, string b, CancellationToken cancellation = default) =>
        AskAsync(new FibreOrder { Action = FibreAction.Cut, A = a, B = b }, cancellation);

    /// <summary>Restores a link that was cut. Done when this returns.</summary>
    public Task<Outcome<LabStatus>> RestoreAsync(string a, string b, CancellationToken cancellation = default) =>
        AskAsync(new FibreOrder { Action = FibreAction.Restore, A = a, B = b }, cancellation);

    /// <summary>
    /// Changes a link while it is in use: what waits in its queue leaves at the new rate, what is on the line arrives as it would have. Done when this returns.
    /// </summary>
    public Task<Outcome<LabStatus>> SetAsync(string a, string b, LinkChange change, CancellationToken cancellation = default) =>
        AskAsync(new FibreOrder { Action = FibreAction.Set, A = a, B = b, Change = change }, cancellation);

    /// <summary>How links are and what they have carried.</summary>
    public Task<Outcome<LabStatus>> StatusAsync(CancellationToken cancellation = default) =>
        AskAsync(new FibreOrder { Action = FibreAction.Status }, cancellation);

    /// <summary>Takes the laboratory down: ends what runs in its sites, and leaves no namespace, device, process or file. Doing it again does nothing.</summary>
    /// <returns>What a user should know, and what could not be done.</returns>
    public async Task<(ImmutableArray<string> Notices, ImmutableArray<Problem> Problems)> DownAsync()
    {
        var result = await Teardown.RemoveAsync(_directory, _state, TimeProvider.System);
        _fibre?.Dispose();
        return result;
    }

    /// <summary>Takes the laboratory down where this process set it up to go with it; otherwise does nothing.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_fibre is { IsHeld: true })
        {
            await DownAsync();
        }

        _fibre?.Dispose();
    }

    private async Task<Outcome<LabStatus>> AskAsync(FibreOrder order, CancellationToken cancellation)
    {
        foreach (var site in new[] { order.A, order.B })
        {
            if (site is not null && !Topology.Sites.Contains(site))
            {
                return new Outcome<LabStatus>([NoSite(site)]);
            }
        }

        try
        {
            var answer = await FibreControl.AskAsync(LaboratoryState.SocketOf(_directory, Name), order, cancellation);
            return answer.Status is { } status ? new Outcome<LabStatus>(status) : new Outcome<LabStatus>([new Problem(answer.Problem ?? "There was no answer.")]);
        }
        catch (Exception exception) when (exception is SocketException or IOException)
        {
            return new Outcome<LabStatus>([await SilenceAsync(exception)]);
        }
    }

    private async Task<Problem> SilenceAsync(Exception exception)
    {
        if (exception is SocketException { SocketErrorCode: SocketError.AccessDenied })
        {
            return new Problem($"Laboratory '{Name}' was set up by root and takes orders from nobody else.", Hint: "Run it as root, such as with sudo.");
        }

        var log = LaboratoryState.LogOf(_directory, Name);
        var lines = File.Exists(log) ? await File.ReadAllLinesAsync(log) : [];
        var said = lines.Length == 0 ? string.Empty : $" It wrote: {lines[0]}";
        return new Problem(
            $"The program that carries the packets of laboratory '{Name}' does not answer: {exception.Message.TrimEnd('.')}.{said}",
            Hint: "Take the laboratory down and set it up again.");
    }

    private string Known(string site) => Topology.Sites.Contains(site) ? site : throw new ArgumentException(NoSite(site).ToString(), nameof(site));

    private Problem NoSite(string site) =>
        new($"There is no site '{site}' in laboratory '{Name}'. It has {string.Join(", ", Topology.Sites)}.", Hint: NearMatch.Hint(site, Topology.Sites));
}
