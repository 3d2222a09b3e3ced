using System.Collections.Immutable;
using System.Globalization;
using Superfactory.Lab.Interop;
using Superfactory.Lab.Topology;
using Superfactory.Model;

namespace Superfactory.Lab.Running;

/// <summary>The sites' namespaces, their settings, addresses and routes.</summary>
internal static class Setup
{
    /// <summary>
    /// The most memory that a TCP connection inside a site may use for each direction, 64 MiB: the kernel counts about twice what a window holds,
    /// so that 1 Gbit/s over 200 ms, 25 MB, fits.
    /// </summary>
    private const long TcpBufferMax = 64 << 20;

    /// <summary>Packets that a device keeps for the program that carries them, 2,000: at 1 Gbit/s in packets of 1,500 bytes, 24 ms.</summary>
    private const int DevicePackets = 2000;

    /// <summary>
    /// What is wrong where the congestion control that a topology names is not there, or not permitted: in a namespace, root too has only the choice
    /// of <c>tcp_allowed_congestion_control</c>. Null where nothing is.
    /// </summary>
    public static Problem? MissingControl(LabTopology topology)
    {
        if (topology.CongestionControl is not { } wanted)
        {
            return null;
        }

        var (known, allowed) = (Words("net/ipv4/tcp_available_congestion_control"), Words("net/ipv4/tcp_allowed_congestion_control"));
        if (known.Length > 0 && !known.Contains(wanted))
        {
            return new Problem(
                $"This machine's kernel has no TCP congestion control '{wanted}'. It has {string.Join(", ", known)}.",
                Hint: NearMatch.Hint(wanted, known) ?? $"Others may be modules: modprobe tcp_{wanted}.");
        }

        return allowed.Length > 0 && !allowed.Contains(wanted)
            ? new Problem(
                $"This machine permits '{wanted}' in no namespace, only {string.Join(", ", allowed)}.",
                Hint: $"Permit it with: sysctl -w net.ipv4.tcp_allowed_congestion_control='{string.Join(' ', allowed)} {wanted}'.")
            : null;
    }

    /// <summary>Makes the namespaces, with nothing in them.</summary>
    public static async Task<Problem?> MakeNamespacesAsync(LaboratoryState state)
    {
        var (_, problem) = await SystemTool.RunAsync(SystemTool.Ip, ["-batch", "-"], state.Namespaces.Select(static name => $"netns add {name}"));
        if (problem is not null)
        {
            return problem;
        }

        foreach (var name in state.Namespaces)
        {
            try
            {
                NetworkNamespace.Inside(name, () => Adjust(state.Topology));
            }
            catch (AggregateException exception)
            {
                return new Problem($"The namespace {name} cannot be set up: {exception.InnerException?.Message}");
            }
        }

        return null;
    }

    /// <summary>Writes the file of names and addresses that programs inside sites see: the machine's own, and the sites.</summary>
    public static void WriteHosts(LaboratoryState state, string file)
    {
        var own = File.Exists("/etc/hosts") ? File.ReadAllLines("/etc/hosts") : [];
        File.WriteAllLines(file, [.. own, .. state.Topology.Sites.Select(site => $"{state.AddressOf(site)} {site}")]);
    }

    /// <summary>Gives the sites their addresses and routes; the devices are there.</summary>
    public static async Task<Problem?> JoinAsync(LaboratoryState state)
    {
        var topology = state.Topology;
        var next = LabRoutes.NextSites(topology);
        foreach (var site in topology.Sites)
        {
            var own = state.AddressOf(site);
            List<string> lines = ["link set lo up", $"address add {own}/32 dev lo"];
            foreach (var link in topology.Links.Where(link => link.A == site || link.B == site))
            {
                var device = LaboratoryState.DeviceOf(topology, link, site);
                lines.Add(string.Create(CultureInfo.InvariantCulture, $"link set {device} mtu {link.Mtu} txqueuelen {DevicePackets} up"));
            }

            var here = topology.Sites.IndexOf(site);
            for (var target = 0; target < topology.Sites.Length; target++)
            {
                if (target != here && topology.Find(site, topology.Sites[next[here][target]]) is { } link)
                {
                    lines.Add($"route add {state.AddressOf(topology.Sites[target])}/32 dev {LaboratoryState.DeviceOf(topology, link, site)} src {own}");
                }
            }

            var (_, problem) = await SystemTool.RunAsync(SystemTool.Ip, ["-netns", state.NamespaceOf(site), "-batch", "-"], lines);
            if (problem is not null)
            {
                return problem;
            }
        }

        return null;
    }

    // Files of /proc/sys/net show the namespace of the thread that opens them.
    private static bool Adjust(LabTopology topology)
    {
        Set("net/ipv4/ip_forward", "1");
        Set("net/ipv4/conf/all/rp_filter", "0");
        Set("net/ipv4/conf/default/rp_filter", "0");

        // Devices without IPv6 send nothing of their own, so that a link without traffic is idle; the loopback device keeps it.
        Set("net/ipv6/conf/default/disable_ipv6", "1");

        // What one connection learnt of a link would make the next one start differently.
        Set("net/ipv4/tcp_no_metrics_save", "1");
        Raise("net/ipv4/tcp_rmem");
        Raise("net/ipv4/tcp_wmem");
        if (topology.CongestionControl is { } control)
        {
            Set("net/ipv4/tcp_congestion_control", control);
        }

        return true;
    }

    private static void Raise(string name)
    {
        var values = Words(name);
        var most = Math.Max(TcpBufferMax, long.Parse(values[2], CultureInfo.InvariantCulture));
        Set(name, string.Create(CultureInfo.InvariantCulture, $"{values[0]} {values[1]} {most}"));
    }

    private static string[] Words(string name) =>
        File.Exists(PathOf(name)) ? File.ReadAllText(PathOf(name)).Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries) : [];

    private static void Set(string name, string value)
    {
        var path = PathOf(name);
        if (File.Exists(path))
        {
            File.WriteAllText(path, value);
        }
    }

    private static string PathOf(string name) => Path.Combine("/proc/sys", name);
}
