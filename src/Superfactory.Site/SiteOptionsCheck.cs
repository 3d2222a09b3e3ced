using System.Collections.Immutable;
using System.Globalization;
using System.Text.RegularExpressions;
using Superfactory.Model;
using Superfactory.Site.Processes;

namespace Superfactory.Site;

/// <summary>Finds everything that is wrong with <see cref="SiteOptions"/> before anything is done.</summary>
internal static partial class SiteOptionsCheck
{
    private const int SlotsMax = 64;
    private const int CoresMax = 4096;

    /// <summary>Twice what the control plane takes to find that an agent is lost; an agent that is killed and started again needs some of it.</summary>
    private static readonly TimeSpan GangLeaseMin = TimeSpan.FromSeconds(10);

    /// <summary>Every problem; empty where there is none.</summary>
    public static ImmutableArray<Problem> Check(SiteOptions options) =>
    [
        .. Where(!SiteName().IsMatch(options.Name), "name", $"'{options.Name}' is no name for a site: expected 1 to 63 letters, digits, '-' and '_'."),
        .. Where(
            !Uri.TryCreate(options.ControlUrl, UriKind.Absolute, out var control) || control.Scheme is not ("http" or "https"),
            "control", $"'{options.ControlUrl}' is no address of a control plane: expected one such as http://127.0.0.1:7400."),
        .. Where(options.Slots is < 1 or > SlotsMax, "slots", $"{options.Slots} gangs at the same time are out of range: expected 1 to {SlotsMax}."),
        .. Where(
            options.OrphanGrace < TimeSpan.Zero || options.OrphanGrace > TimeSpan.FromDays(1),
            "orphan-grace", $"{options.OrphanGrace.TotalSeconds} seconds are out of range: expected 0 to 86400."),
        .. Where(
            options.GangLease != TimeSpan.Zero && (options.GangLease < GangLeaseMin || options.GangLease > TimeSpan.FromDays(1)),
            "lease", $"{options.GangLease.TotalSeconds} seconds are out of range: expected 0 for none, or {GangLeaseMin.TotalSeconds} to 86400."),
        .. Where(options.Cores is < 1 or > CoresMax, "cores", $"{options.Cores} cores are out of range: expected 1 to {CoresMax}."),
        .. Where(
            options.Python is { } python && SystemTools.Find(python) is null,
            "python", $"There is no Python at '{options.Python}': expected a program that can be run."),
        .. Where(!IsEndpoint(options.GatewayListen, portMin: 0), "gateway-listen", $"'{options.GatewayListen}' is no endpoint: expected host:port, such as 0.0.0.0:7500."),
        .. Where(
            options.GatewayAdvertise is { } advertise && !IsEndpoint(advertise, portMin: 1),
            "gateway-advertise", $"'{options.GatewayAdvertise}' is no endpoint: expected host:port, such as atlanta.example:7500."),
        .. Where(
            options.GatewayAdvertise is null && (options.GatewayListen.StartsWith("0.0.0.0:", StringComparison.Ordinal) || options.GatewayListen.StartsWith("[::]:", StringComparison.Ordinal)),
            "gateway-advertise", "A gateway that listens at every address must say at which one other sites reach it: expected host:port."),
        .. Where(
            options.InsecureWan && (options.CertificateFile ?? options.KeyFile ?? options.AuthorityFile) is not null,
            "insecure-wan", "Links either have certificates or go without encryption: expected one of the two."),
    ];

    private static IEnumerable<Problem> Where(bool wrong, string field, string message) => wrong ? [new Problem(message, Field: field)] : [];

    private static bool IsEndpoint(string text, int portMin)
    {
        var colon = text.LastIndexOf(':');
        return colon > 0
            && int.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var port)
            && port >= portMin
            && port <= ushort.MaxValue;
    }

    [GeneratedRegex("^[A-Za-z0-9_-]{1,63}$")]
    private static partial Regex SiteName();
}
