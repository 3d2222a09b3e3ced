using System.Collections.Immutable;
using System.Diagnostics;
using System.Runtime.InteropServices;
using Superfactory.Lab.Interop;
using Superfactory.Lab.Running;
using Superfactory.Lab.Topology;

namespace Superfactory.Lab.Tests.Running;

/// <summary>What tests of real laboratories share: names that are free, a directory of their own, and proof that nothing stays.</summary>
internal sealed class LabBench : IDisposable
{
    /// <summary>Longer than anything here takes on a machine that is very busy.</summary>
    public static readonly TimeSpan Limit = TimeSpan.FromMinutes(1);

    private static int _last;

    private readonly DirectoryInfo _directory;

    public LabBench()
    {
        if (!Native.IsRoot)
        {
            Assert.Skip("needs root: a laboratory makes network namespaces and TUN devices");
        }

        if (!File.Exists("/dev/net/tun") || SystemTool.Find(SystemTool.Ip) is null)
        {
            Assert.Skip("needs /dev/net/tun and iproute2");
        }

        _directory = System.IO.Directory.CreateTempSubdirectory("sf-lab-");
        Name = $"t{Environment.ProcessId}-{Interlocked.Increment(ref _last)}";
        Directory = Path.Combine(_directory.FullName, "lab");
    }

    /// <summary>A name that no other laboratory has.</summary>
    public string Name { get; }

    /// <summary>Where what is known of it is kept.</summary>
    public string Directory { get; }

    /// <summary>The program that carries packets, and that holds laboratories for tests.</summary>
    public static string Program { get; } = Path.Combine(AppContext.BaseDirectory, "Superfactory.Lab.Fibre");

    /// <summary>What it needs: the .NET that runs this process.</summary>
    public static ImmutableSortedDictionary<string, string> Variables { get; } = ImmutableSortedDictionary<string, string>.Empty
        .Add("DOTNET_ROOT", Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", "..")));

    public LaboratoryOptions Options => new() { FibreCommand = [Program], Environment = Variables, Directory = Directory };

    /// <summary>A topology from links such as <c>a b 100mbit 10ms</c>, with anything more as fields.</summary>
    public LabTopology Topology(params string[] links)
    {
        var parts = links.Select(static link => link.Split(' ')).ToList();
        var sites = parts.SelectMany(static part => part.Take(2)).Distinct();
        var text = $"sites: [{string.Join(", ", sites)}]\nlinks:\n" + string.Concat(parts.Select(static part =>
            $"  - {{between: [{part[0]}, {part[1]}], bandwidth: {part[2]}, rtt: {part[3]}{string.Concat(part.Skip(4).Select(static more => ", " + more.Replace("=", ": ")))}}}\n"));
        var parsed = LabTopologyFile.Parse(text, Name);
        parsed.Problems.ShouldBeEmpty();
        return parsed.Value.ShouldNotBeNull();
    }

    /// <summary>Sets a laboratory up.</summary>
    public async Task<Laboratory> UpAsync(params string[] links)
    {
        var up = await Laboratory.UpAsync(Topology(links), Options, TestContext.Current.CancellationToken);
        up.Problems.ShouldBeEmpty();
        return up.Value.ShouldNotBeNull();
    }

    /// <summary>The state's file.</summary>
    public LaboratoryState State => LaboratoryState.Read(LaboratoryState.FileOf(Directory, Name)).ShouldNotBeNull();

    /// <summary>Fails where anything of the laboratory is left.</summary>
    public void ShouldHaveLeftNothing(ProcessIdentity? fibre = null)
    {
        Namespaces().ShouldBeEmpty();
        System.IO.Directory.Exists(Directory).ShouldBeFalse(System.IO.Directory.Exists(Directory) ? string.Join(' ', System.IO.Directory.GetFileSystemEntries(Directory)) : null);
        (fibre?.IsAlive ?? false).ShouldBeFalse();
    }

    public IEnumerable<string> Namespaces() => System.IO.Directory.Exists(NetworkNamespace.Directory)
        ? System.IO.Directory.EnumerateFiles(NetworkNamespace.Directory, $"sf-{Name}-*")
        : [];

    /// <summary>Waits until something holds, for as long as a machine that is very busy may need.</summary>
    public static async Task UntilAsync(Func<bool> condition, string what)
    {
        var begin = Stopwatch.GetTimestamp();
        while (!condition())
        {
            Stopwatch.GetElapsedTime(begin).ShouldBeLessThan(Limit, what);
            await Task.Delay(20, TestContext.Current.CancellationToken);
        }
    }

    /// <summary>Starts a program with its output read by the test.</summary>
    public static Process Start(IEnumerable<string> command)
    {
        var start = new ProcessStartInfo(command.First(), command.Skip(1)) { RedirectStandardInput = true, RedirectStandardOutput = true, WorkingDirectory = "/" };
        foreach (var (name, value) in Variables)
        {
            start.Environment[name] = value;
        }

        return Process.Start(start)!;
    }

    /// <summary>What a program wrote, and its exit code.</summary>
    public static async Task<(string Output, int ExitCode)> RunAsync(IEnumerable<string> command)
    {
        using var process = Start(command);
        process.StandardInput.Close();
        var output = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return (output, process.ExitCode);
    }

    public void Dispose() => _directory.Delete(recursive: true);
}
