using System.Collections.Immutable;
using System.Globalization;
using Superfactory.Lab.Interop;
using Superfactory.Model;

namespace Superfactory.Lab.Running;

/// <summary>Removes everything of a laboratory, whatever state it is in.</summary>
internal static class Teardown
{
    /// <summary>How long a process may take to end when asked, before it is ended by force.</summary>
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(2);

    private static readonly TimeSpan _look = TimeSpan.FromMilliseconds(10);

    /// <summary>Removes processes, devices, namespaces and files.</summary>
    /// <returns>What was done that a user should know, and what could not be done.</returns>
    public static async Task<(ImmutableArray<string> Notices, ImmutableArray<Problem> Problems)> RemoveAsync(string directory, LaboratoryState state, TimeProvider time)
    {
        var (notices, problems) = (ImmutableArray.CreateBuilder<string>(), ImmutableArray.CreateBuilder<Problem>());
        if (state.Fibre is { } fibre && fibre.Id != Environment.ProcessId)
        {
            await EndAsync([fibre], time);
        }

        foreach (var space in state.Namespaces.Where(NetworkNamespace.Exists))
        {
            await RemoveNamespaceAsync(space, notices, problems, time);
        }

        RemoveFiles(directory, state.Topology.Name);
        return (notices.ToImmutable(), problems.ToImmutable());
    }

    /// <summary>Removes a namespace and ends what runs in it.</summary>
    public static async Task RemoveNamespaceAsync(string name, ImmutableArray<string>.Builder notices, ImmutableArray<Problem>.Builder problems, TimeProvider time)
    {
        var (output, _) = await SystemTool.RunAsync(SystemTool.Ip, ["netns", "pids", name], []);
        ImmutableArray<ProcessIdentity> inside =
        [
            .. output.Split('\n', StringSplitOptions.RemoveEmptyEntries)
                .Select(static line => int.TryParse(line, NumberStyles.None, CultureInfo.InvariantCulture, out var id) ? ProcessIdentity.Of(id) : null)
                .OfType<ProcessIdentity>().Where(static process => process.Id != Environment.ProcessId),
        ];
        if (!inside.IsEmpty)
        {
            notices.Add($"Ended what still ran in {name}: process {string.Join(", ", inside.Select(static process => process.Id))}.");
            await EndAsync(inside, time);
        }

        var (_, problem) = await SystemTool.RunAsync(SystemTool.Ip, ["netns", "delete", name], []);

        // Another process may have removed it at the same time.
        if (problem is not null && NetworkNamespace.Exists(name))
        {
            problems.Add(problem);
        }
    }

    private static async Task EndAsync(ImmutableArray<ProcessIdentity> processes, TimeProvider time)
    {
        foreach (var signal in new[] { Native.SignalTerminate, Native.SignalKill })
        {
            foreach (var process in processes.Where(static process => process.IsAlive))
            {
                _ = Native.Signal(process.Id, signal);
            }

            var begin = time.GetTimestamp();
            while (processes.Any(static process => process.IsAlive) && time.GetElapsedTime(begin) < _patience)
            {
                await Task.Delay(_look, time);
            }
        }
    }

    private static void RemoveFiles(string directory, string name)
    {
        if (!Directory.Exists(directory))
        {
            return;
        }

        var file = LaboratoryState.FileOf(directory, name);
        var log = LaboratoryState.LogOf(directory, name);
        foreach (var left in new[] { LaboratoryState.SocketOf(directory, name), LaboratoryState.HostsOf(directory, name), log, file + ".new", file })
        {
            File.Delete(left);
        }

        RemoveIfEmpty(directory);
        if (Path.GetDirectoryName(directory) is { } parent && directory == LaboratoryOptions.DefaultDirectory)
        {
            RemoveIfEmpty(parent);
        }
    }

    private static void RemoveIfEmpty(string directory)
    {
        try
        {
            if (Directory.Exists(directory) && !Directory.EnumerateFileSystemEntries(directory).Any())
            {
                Directory.Delete(directory);
            }
        }
        catch (IOException) when (!Directory.Exists(directory) || Directory.EnumerateFileSystemEntries(directory).Any())
        {
            // Another laboratory came or went in between: the directory is its own now, or gone.
            return;
        }
    }
}
