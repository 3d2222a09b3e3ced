using System.Collections.Immutable;
using System.ComponentModel;
using Superfactory.Lab.Interop;
using Superfactory.Lab.Topology;
using Superfactory.Model;

namespace Superfactory.Lab.Running;

/// <summary>Sets a laboratory up, or leaves nothing behind.</summary>
internal static class Raising
{
    // How often the directory may vanish under a laboratory that comes while others go, which takes microseconds.
    private const int ClaimsMax = 10;

    /// <summary>See <see cref="Laboratory.UpAsync"/>.</summary>
    public static async Task<Outcome<Laboratory>> UpAsync(LabTopology topology, LaboratoryOptions options, TimeProvider time, CancellationToken cancellation)
    {
        if ((Missing() ?? Setup.MissingControl(topology)) is { } missing)
        {
            return new Outcome<Laboratory>([missing]);
        }

        var state = new LaboratoryState { Topology = topology, Owner = ProcessIdentity.Own, IsHeld = !options.LivesOn };
        var notices = ImmutableArray.CreateBuilder<string>();
        if (await ClearAsync(state, options.Directory, notices, time) is { Length: > 0 } problems)
        {
            return new Outcome<Laboratory>(problems);
        }

        if (!TryClaim(state, options.Directory))
        {
            return new Outcome<Laboratory>([IsUp(topology.Name)]);
        }

        FibreProcess? fibre = null;
        var isUp = false;
        try
        {
            Setup.WriteHosts(state, LaboratoryState.HostsOf(options.Directory, topology.Name));
            var problem = await Setup.MakeNamespacesAsync(state);
            if (problem is null)
            {
                cancellation.ThrowIfCancellationRequested();
                fibre = FibreProcess.Start(options, topology.Name);
                state = state with { Fibre = fibre.Identity };
                state.Write(LaboratoryState.FileOf(options.Directory, topology.Name));
                problem = await fibre.WaitReadyAsync(time, cancellation) ?? await Setup.JoinAsync(state);
            }

            if (problem is not null)
            {
                return new Outcome<Laboratory>([problem]);
            }

            state = state with { IsUp = true };
            state.Write(LaboratoryState.FileOf(options.Directory, topology.Name));
            isUp = true;
            return new Outcome<Laboratory>(new Laboratory(options.Directory, state, fibre, notices.ToImmutable()));
        }
        catch (Exception exception) when (exception is Win32Exception or IOException or UnauthorizedAccessException)
        {
            return new Outcome<Laboratory>([new Problem($"The laboratory cannot be set up: {exception.Message}")]);
        }
        finally
        {
            if (!isUp)
            {
                await Teardown.RemoveAsync(options.Directory, state, time);
                fibre?.Dispose();
            }
        }
    }

    private static Problem? Missing()
    {
        if (!Native.IsRoot)
        {
            return new Problem("A laboratory makes network namespaces and TUN devices, which needs root.", Hint: "Run it as root, such as with sudo.");
        }

        if (!File.Exists("/dev/net/tun"))
        {
            return new Problem("This machine has no /dev/net/tun, over which the laboratory carries packets.", Hint: "Load the kernel's module: modprobe tun.");
        }

        foreach (var tool in new[] { SystemTool.Ip, SystemTool.Nsenter })
        {
            if (SystemTool.Find(tool) is null)
            {
                return new Problem($"The program '{tool}' is missing.", Hint: "Install Debian's packages iproute2 and util-linux.");
            }
        }

        return null;
    }

    // Removes what an earlier laboratory of this name left behind; says why not where it still runs.
    private static async Task<ImmutableArray<Problem>> ClearAsync(LaboratoryState state, string directory, ImmutableArray<string>.Builder notices, TimeProvider time)
    {
        var name = state.Topology.Name;
        if (LaboratoryState.Read(LaboratoryState.FileOf(directory, name)) is { } earlier)
        {
            if (!earlier.IsLeftBehind)
            {
                return [IsUp(name)];
            }

            notices.Add($"Removed what an earlier laboratory '{name}' had left behind: the program that carried its packets had ended.");
            var (told, problems) = await Teardown.RemoveAsync(directory, earlier, time);
            notices.AddRange(told);
            if (!problems.IsEmpty)
            {
                return problems;
            }
        }

        // What of others cannot be removed is no reason not to set this one up.
        var (removed, stays) = await Leftovers.RemoveAsync(directory, name, time);
        notices.AddRange(removed);
        notices.AddRange(stays.Select(static problem => problem.ToString()));
        notices.AddRange(Leftovers.Tell(directory, name));
        var wrong = ImmutableArray.CreateBuilder<Problem>();
        foreach (var left in state.Namespaces.Where(NetworkNamespace.Exists))
        {
            if (OwnerOf(left, name, directory) is { } other)
            {
                wrong.Add(new Problem(
                    $"The namespace {left} belongs to laboratory '{other}'.", Hint: $"Give the laboratory or its site another name, or take that one down with 'superfactory lab down --lab {other}'."));
                continue;
            }

            notices.Add($"Removed the namespace {left}, which an earlier run had left behind.");
            await Teardown.RemoveNamespaceAsync(left, notices, wrong, time);
        }

        return wrong.ToImmutable();
    }

    private static string? OwnerOf(string space, string except, string directory) =>
        Lookup.Names(directory).FirstOrDefault(name =>
            name != except && LaboratoryState.Read(LaboratoryState.FileOf(directory, name)) is { } state && state.Namespaces.Contains(space));

    private static bool TryClaim(LaboratoryState state, string directory)
    {
        var file = LaboratoryState.FileOf(directory, state.Topology.Name);
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                Directory.CreateDirectory(directory);
                using var claim = new FileStream(file, FileMode.CreateNew);
                claim.Write(state.ToBytes());
                return true;
            }
            catch (DirectoryNotFoundException) when (attempt < ClaimsMax)
            {
                // Another laboratory went at this moment and took the empty directory with it.
                continue;
            }
            catch (IOException) when (File.Exists(file))
            {
                return false;
            }
        }
    }

    private static Problem IsUp(string name) =>
        new($"Laboratory '{name}' is up already.", Hint: $"Take it down with 'superfactory lab down --lab {name}', or use it.");
}
