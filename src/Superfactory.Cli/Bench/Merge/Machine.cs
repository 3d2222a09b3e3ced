using System.Globalization;
using System.Runtime.InteropServices;

namespace Superfactory.Cli.Bench.Merge;

/// <summary>Describes this machine.</summary>
internal static class Machine
{
    /// <summary>As it is now.</summary>
    public static MachineReport Describe() => new()
    {
        Processor = Field("/proc/cpuinfo", "model name") ?? RuntimeInformation.ProcessArchitecture.ToString(),
        Cores = Environment.ProcessorCount,
        MemoryBytes = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes,
        System = Field("/etc/os-release", "PRETTY_NAME", '=')?.Trim('"') ?? RuntimeInformation.OSDescription,
        Kernel = Environment.OSVersion.Version.ToString(),
        Runtime = RuntimeInformation.FrameworkDescription,
        LoadBefore = double.Parse(File.ReadAllText("/proc/loadavg").Split(' ')[0], CultureInfo.InvariantCulture),
        Version = typeof(Machine).Assembly.GetName().Version!.ToString(fieldCount: 3),
    };

    private static string? Field(string file, string name, char separator = ':') => File.Exists(file)
        ? File.ReadLines(file).Select(line => line.Split(separator, 2, StringSplitOptions.TrimEntries)).FirstOrDefault(parts => parts[0] == name)?[^1]
        : null;
}
